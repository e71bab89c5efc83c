//! One refresh for all tabs of a slot: two at once would look like a stolen token and end the family.
import { fromProblem, Refusal, Unreachable } from '../api/problem';
import { alone } from './exclusive';
import { ofSlot } from './slots';
import { type Session, sessions } from './store';

// Refreshed this long before the end, so that a slow request does not arrive expired.
const EARLY_MS = 60_000;

export const isFresh = (session: Session, now = Date.now()) => session.expiresAt - EARLY_MS > now;

/** An access token that still holds; `null` when nobody is signed in. */
export async function accessToken(): Promise<string | null> {
  const { session } = sessions.now();
  if (session === null) return null;
  if (isFresh(session)) return session.access;
  return (await renew(session.access))?.access ?? null;
}

/** Gets new tokens in place of `stale`; whoever waited for the lock takes what the first one got. */
export function renew(stale: string): Promise<Session | null> {
  return alone(ofSlot('refresh'), async () => {
    const stored = sessions.stored();
    if (stored === null) return null;
    if (stored.access !== stale) {
      if (sessions.now().session?.access !== stored.access) sessions.keep(stored);
      return stored;
    }
    return ask(stored);
  });
}

async function ask(stored: Session): Promise<Session | null> {
  const answer = await fetch('/api/auth/refresh/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refresh: stored.refresh }),
  }).catch(() => {
    throw new Unreachable();
  });
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok) {
    const tokens = body as { access: string; refresh: string; expires_in: number };
    const next: Session = {
      user: stored.user,
      access: tokens.access,
      refresh: tokens.refresh,
      expiresAt: Date.now() + tokens.expires_in * 1000,
    };
    sessions.keep(next);
    return next;
  }
  const refusal = fromProblem(answer.status, body, answer.headers.get('retry-after'));
  if (refusal instanceof Refusal && (refusal.status === 401 || refusal.status === 403)) {
    sessions.end('revoked');
    return null;
  }
  throw refusal;
}
