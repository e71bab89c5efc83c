//! The one way to the REST side: token, language, an Idempotency-Key per gesture, refusals as errors.
import { clock } from '../live/clock';
import { accessToken, renew } from '../session/refresh';
import { sessions } from '../session/store';
import { fromProblem, inDoubt, Unreachable } from './problem';

export type Query = Record<string, string | number | boolean | null | undefined>;
export type Options = {
  /** Without a token: sign-in and public reads. */
  open?: boolean;
  /** The gesture's key; made anew when absent. A repeat with the same key is answered by the first one's answer. */
  key?: string;
  query?: Query;
  signal?: AbortSignal;
};

const TIMEOUT_MS = 15_000;
// A gesture in doubt is sent again with its key: the server answers the repeat as it did the first.
const AGAIN_MS = [400, 1500];

export const newKey = (): string => {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  // randomUUID exists only over https and on localhost.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
};

async function send(method: string, url: string, body: unknown, key: string | null, o: Options): Promise<Response> {
  const token = o.open ? null : await accessToken();
  const response = await once(method, url, body, key, o, token);
  if (response.status !== 401 || token === null) return response;
  // A token may have ended between its check here and its arrival there: one renewal, then it is truly over.
  const next = await renew(token);
  if (next === null) return response;
  const second = await once(method, url, body, key, o, next.access);
  if (second.status === 401) sessions.end('revoked');
  return second;
}

async function once(
  method: string,
  url: string,
  body: unknown,
  key: string | null,
  o: Options,
  token: string | null,
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (typeof document !== 'undefined') headers['accept-language'] = document.documentElement.lang;
  if (token !== null) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (key !== null && token !== null) headers['idempotency-key'] = key;
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const signal = o.signal ? AbortSignal.any([o.signal, limit]) : limit;
  const sentAt = Date.now();
  const response = await fetch(url, {
    method,
    headers,
    signal,
    body: body === undefined ? null : JSON.stringify(body),
  }).catch((error: unknown) => {
    if (o.signal?.aborted) throw error;
    throw new Unreachable();
  });
  const date = response.headers.get('date');
  if (date !== null) clock.coarse(Date.parse(date), sentAt, Date.now());
  return response;
}

async function call<T>(method: string, path: string, body: unknown, o: Options): Promise<T> {
  const url = path + queryOf(o.query);
  const key = method === 'POST' ? (o.key ?? newKey()) : null;
  const repeats = key !== null || method === 'GET' ? AGAIN_MS : [];
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await send(method, url, body, key, o);
      const text = await response.text();
      const answer = parse(text);
      if (response.ok) return answer as T;
      throw fromProblem(response.status, answer, response.headers.get('retry-after'));
    } catch (error) {
      const wait = repeats[attempt];
      if (wait === undefined || !inDoubt(error) || o.open) throw error;
      await new Promise((resume) => setTimeout(resume, wait));
    }
  }
}

// Not every answer is ours: a proxy in between says its own things, and not in JSON.
function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function queryOf(query: Query | undefined): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

export const api = {
  get: <T>(path: string, query?: Query, o: Options = {}) =>
    call<T>('GET', path, undefined, { ...o, query: query ?? {} }),
  post: <T>(path: string, body: unknown = {}, o: Options = {}) => call<T>('POST', path, body, o),
  patch: <T>(path: string, body: unknown, o: Options = {}) => call<T>('PATCH', path, body, o),
  delete: <T>(path: string, o: Options = {}) => call<T>('DELETE', path, undefined, o),
};
