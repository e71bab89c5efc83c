//! Calls of the signed-in person: token, idempotency key, repeats while the outcome is in doubt.
import createClient from 'openapi-fetch';
import { accessToken, renew } from '../session/refresh';
import { sessions } from '../session/store';
import { send, successful } from './http';
import { isInDoubt } from './problem';
import type { paths } from './schema';

export { answer } from './http';

const KEY = 'Idempotency-Key';
// A repeat carries the key of the first request, so that the server answers it as it answered that one.
const REPEAT_MS = [400, 1500];

export const newKey = (): string => {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  // randomUUID exists only over https and on localhost.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
};

/** Parameters of a POST that may be sent again later: without them each call gets a key of its own. */
export const keyed = (key: string) => ({ [KEY]: key });

export const api = createClient<paths>({ fetch: call });

async function call(request: Request): Promise<Response> {
  const isPost = request.method === 'POST';
  if (isPost && !request.headers.has(KEY)) request.headers.set(KEY, newKey());
  const delays = isPost || request.method === 'GET' ? REPEAT_MS : [];
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await successful(await authorized(request));
    } catch (error) {
      const delay = delays[attempt];
      if (delay === undefined || !isInDoubt(error)) throw error;
      await new Promise((resume) => setTimeout(resume, delay));
    }
  }
}

async function authorized(request: Request): Promise<Response> {
  const token = await accessToken();
  if (token === null) request.headers.delete(KEY);
  const response = await send(request, token);
  if (response.status !== 401 || token === null) return response;
  // A token may end between its check here and its arrival there: it is renewed once, then the session is truly over.
  const next = await renew(token);
  if (next === null) return response;
  const second = await send(request, next.access);
  if (second.status === 401) sessions.end('revoked');
  return second;
}
