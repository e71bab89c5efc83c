//! The name this slot signed in with last, kept so that signing in again needs the password alone.
import { ofSlot } from './slots';

export const lastName = (): string => localStorage.getItem(ofSlot('name')) ?? '';
export const keepName = (name: string) => localStorage.setItem(ofSlot('name'), name);
