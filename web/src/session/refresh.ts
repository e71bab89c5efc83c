//! One refresh for all tabs of a slot: two at once would look like a stolen token and end the family.
import { answer, publicApi } from '../api/http';
import { ApiError } from '../api/problem';
import { exclusively } from './exclusive';
import { ofSlot } from './slots';
import { type Session, sessionOf, sessions } from './store';

// Refreshed this long before the end, so that a slow request does not arrive expired.
const EARLY_MS = 60_000;

export const isFresh = (session: Session, now = Date.now()) => session.expiresAt - EARLY_MS > now;

/** An access token that is still valid; `null` when nobody is signed in. Errors: `Unreachable`, `ApiError`. */
export async function accessToken(): Promise<string | null> {
  const { session } = sessions.now();
  if (session === null) return null;
  if (isFresh(session)) return session.access;
  return (await renew(session.access))?.access ?? null;
}

/** Gets new tokens in place of `stale`; a tab that waited for the lock takes what the first one got. */
export function renew(stale: string): Promise<Session | null> {
  return exclusively(ofSlot('refresh'), async () => {
    const stored = sessions.stored();
    if (stored === null) return null;
    if (stored.access !== stale) {
      if (sessions.now().session?.access !== stored.access) sessions.store(stored);
      return stored;
    }
    return refresh(stored);
  });
}

async function refresh(stored: Session): Promise<Session | null> {
  try {
    const tokens = await answer(publicApi.POST('/api/auth/refresh/', { body: { refresh: stored.refresh } }));
    const next = sessionOf({ ...tokens, user: stored.user });
    sessions.store(next);
    return next;
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 401 && error.status !== 403)) throw error;
    sessions.end('revoked');
    return null;
  }
}
