//! One HTTP request: language, token, timeout, and problems as errors. Typed by the server's OpenAPI document.
import createClient from 'openapi-fetch';
import { clock } from '../live/clock';
import { fromProblem, Unreachable } from './problem';
import type { paths } from './schema';

const TIMEOUT_MS = 15_000;

/** Sends a copy of `request`, so that it can be sent again. Errors: `Unreachable`. */
export async function send(request: Request, token: string | null): Promise<Response> {
  const attempt = request.clone();
  attempt.headers.set('accept', 'application/json');
  if (typeof document !== 'undefined') attempt.headers.set('accept-language', document.documentElement.lang);
  if (token !== null) attempt.headers.set('authorization', `Bearer ${token}`);
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const sentAt = Date.now();
  const response = await fetch(attempt, { signal }).catch((error: unknown) => {
    if (request.signal.aborted) throw error;
    throw new Unreachable();
  });
  const date = response.headers.get('date');
  if (date !== null) clock.coarse(Date.parse(date), sentAt, Date.now());
  return response;
}

/** A successful response as it is. Errors: `ApiError` for any other. */
export async function successful(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw fromProblem(response.status, parse(await response.text()), response.headers.get('retry-after'));
}

// Not every answer is the server's: a proxy in between sends its own, and not in JSON.
function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** Calls without a token: sign-in and what everybody may read. They are sent once. */
export const publicApi = createClient<paths>({ fetch: async (request) => successful(await send(request, null)) });

/** The body of an answer; a client above has thrown `ApiError` or `Unreachable` where there is none. */
export async function answer<T>(call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await call;
  if (data === undefined || data === null) throw new Error('an answer without a body');
  return data;
}
