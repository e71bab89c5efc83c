import { api } from '../api/client';
import { answer, publicApi } from '../api/http';
import type { Body, Schema } from '../api/schemas';
import { storeName } from './last';
import { type Role, sessionOf, sessions, type User } from './store';

/** Signs this slot in. Errors: `ApiError` 401 bad_credentials; 403; 429. */
export async function signIn(username: string, password: string): Promise<User> {
  return enter(await answer(publicApi.POST('/api/auth/login/', { body: { username, password } })));
}

/** Makes an account and signs this slot in. Errors: `ApiError` 409 with the taken field, 422 with faults of fields. */
export async function register(registration: Body<'/api/auth/register/', 'post'>): Promise<User> {
  return enter(await answer(publicApi.POST('/api/auth/register/', { body: registration })));
}

function enter(tokens: Schema<'SignedIn'>): User {
  const { user } = tokens;
  storeName(user.username ?? user.email ?? user.phone_number ?? '');
  sessions.store(sessionOf(tokens));
  return user;
}

/** Signs out: the server ends the session, and this browser forgets it even when the server was not reached. */
export async function signOut(): Promise<void> {
  await api.POST('/api/auth/logout/', { body: { all: false } }).catch(() => null);
  sessions.end(null);
}

/** The page a role works on. */
export function homeOf(role: Role): '/app' | '/crew' | '/seller' | '/staff' {
  if (role === 'crew') return '/crew';
  if (role === 'seller') return '/seller';
  if (role === 'staff' || role === 'admin' || role === 'superadmin') return '/staff';
  return '/app';
}
