import { api } from '../api/client';
import { keepName } from './last';
import { type Role, type Session, sessions, type User } from './store';

export type Tokens = { user: User; access: string; refresh: string; expires_in: number };

/** Signs this slot in as somebody. Errors: `Refusal` 401 bad_credentials, totp_required; 403; 429. */
export async function signIn(username: string, password: string, totp?: string): Promise<User> {
  const body = totp ? { username, password, totp } : { username, password };
  return keep(await api.post<Tokens>('/api/auth/login/', body, { open: true }));
}

/** Takes the tokens of any answer that signs somebody in. */
export function keep(tokens: Tokens): User {
  const session: Session = {
    user: tokens.user,
    access: tokens.access,
    refresh: tokens.refresh,
    expiresAt: Date.now() + tokens.expires_in * 1000,
  };
  keepName(tokens.user.username ?? tokens.user.email ?? tokens.user.phone_number ?? '');
  sessions.keep(session);
  return tokens.user;
}

/** Leaves: the server ends the session, and this browser forgets it whether or not it could be told. */
export async function signOut(): Promise<void> {
  await api.post('/api/auth/logout/', {}).catch(() => null);
  sessions.end(null);
}

/** The page a role works on. */
export function homeOf(role: Role): '/app' | '/crew' | '/seller' | '/staff' {
  if (role === 'crew') return '/crew';
  if (role === 'seller') return '/seller';
  if (role === 'staff' || role === 'admin' || role === 'superadmin') return '/staff';
  return '/app';
}
