//! The tokens of this tab's person, in local storage so that tabs of one slot share them.
import { ofSlot, slot } from './slots';

export type Role = 'customer' | 'seller' | 'crew' | 'staff' | 'admin' | 'superadmin';

export type User = {
  id: string;
  username: string | null;
  email: string | null;
  phone_number: string | null;
  first_name: string;
  last_name: string;
  role: Role;
  roles: Role[];
  location_lat?: number | null;
  location_lng?: number | null;
  location_address?: string | null;
};

export type Session = {
  user: User;
  access: string;
  refresh: string /** ms since 1970, this browser's clock */;
  expiresAt: number;
};

export type Held = { session: Session | null /** why it ended, when it ended by itself */; ended: 'revoked' | null };

const key = (of: string) => ofSlot('session', of);
let held: Held = { session: read(slot), ended: null };
const listeners = new Set<() => void>();
const news = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(ofSlot('session'));

function read(of: string): Session | null {
  try {
    const text = localStorage.getItem(key(of));
    return text === null ? null : (JSON.parse(text) as Session);
  } catch {
    return null;
  }
}

function tell(next: Held) {
  held = next;
  for (const listener of listeners) listener();
}

// Other tabs of this slot signed in, refreshed or left.
news?.addEventListener('message', (message: MessageEvent<Held['ended']>) => {
  tell({ session: read(slot), ended: message.data });
});

export const sessions = {
  now: (): Held => held,
  /** The tokens as storage has them: another tab may have refreshed a moment ago. */
  stored: (): Session | null => read(slot),
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  keep(session: Session) {
    localStorage.setItem(key(slot), JSON.stringify(session));
    tell({ session, ended: null });
    news?.postMessage(null);
  },
  /** Forgets the tokens. `revoked` shows the sign-in over the page, so that what was typed stays. */
  end(ended: Held['ended']) {
    localStorage.removeItem(key(slot));
    tell({ session: null, ended });
    news?.postMessage(ended);
  },
};
