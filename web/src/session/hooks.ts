import { useSyncExternalStore } from 'react';
import { type SessionState, sessions, type User } from './store';

/** Who this tab is, and why it stopped being so. */
export function useSession(): SessionState {
  return useSyncExternalStore(sessions.subscribe, sessions.now);
}

/** The signed-in person; pages behind the sign-in call it, where there is one or the sign-in covers the page. */
export function useUser(): User | null {
  return useSession().session?.user ?? null;
}
