//! The name this slot signed in with last, so that signing in again needs only the password.
import { ofSlot } from './slots';

export const lastName = (): string => localStorage.getItem(ofSlot('name')) ?? '';
export const storeName = (name: string) => localStorage.setItem(ofSlot('name'), name);
