//! The tokens of this tab's person, in local storage so that tabs of one slot share them.
import type { Schema } from '../api/schemas';
import { ofSlot, slot } from './slots';

export type Role = Schema<'Role'>;
export type User = Schema<'User'>;

export type Session = {
  user: User;
  access: string;
  refresh: string /** ms since 1970, this browser's clock */;
  expiresAt: number;
};

/** The session that an answer's tokens open. */
export const sessionOf = ({ user, access, refresh, expires_in }: Schema<'SignedIn'>): Session => ({
  user,
  access,
  refresh,
  expiresAt: Date.now() + expires_in * 1000,
});

export type SessionState = {
  session: Session | null /** why it ended, when this tab did not end it */;
  ended: 'revoked' | null;
};

const key = (of: string) => ofSlot('session', of);
let state: SessionState = { session: read(slot), ended: null };
const listeners = new Set<() => void>();
const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(ofSlot('session'));

function read(of: string): Session | null {
  try {
    const text = localStorage.getItem(key(of));
    return text === null ? null : (JSON.parse(text) as Session);
  } catch {
    return null;
  }
}

function become(next: SessionState) {
  state = next;
  for (const listener of listeners) listener();
}

// Other tabs of this slot signed in, refreshed or left.
tabs?.addEventListener('message', (message: MessageEvent<SessionState['ended']>) => {
  become({ session: read(slot), ended: message.data });
});

export const sessions = {
  now: (): SessionState => state,
  /** The tokens as storage has them: another tab may have refreshed a moment ago. */
  stored: (): Session | null => read(slot),
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  store(session: Session) {
    localStorage.setItem(key(slot), JSON.stringify(session));
    become({ session, ended: null });
    tabs?.postMessage(null);
  },
  /** Forgets the tokens. `revoked` shows the sign-in over the page, so that what was typed stays. */
  end(ended: SessionState['ended']) {
    localStorage.removeItem(key(slot));
    become({ session: null, ended });
    tabs?.postMessage(ended);
  },
};
