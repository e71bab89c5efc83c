import { useSyncExternalStore } from 'react';
import { type SessionState, sessions, type User } from './store';

/** The session of this tab, and why it ended. */
export function useSession(): SessionState {
  return useSyncExternalStore(sessions.subscribe, sessions.now);
}

/** The signed-in person. Pages behind the sign-in call it: there is one, or the sign-in covers the page. */
export function useUser(): User | null {
  return useSession().session?.user ?? null;
}
