//! Errors in the server's answers, and on the way to it.
import type { Schema } from './schemas';

type FieldError = Schema<'FieldError'>;

/** An error the caller can act on: status, slug, the server's sentence, field errors and extension members (`tries_left`, ...). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail || code);
    this.name = 'ApiError';
  }

  /** Seconds until a repeat makes sense, where the server named them. */
  get retryAfter(): number | null {
    const s = this.members.retry_after_s;
    return typeof s === 'number' ? s : null;
  }
}

/** The server was not reached at all, or did not answer in time. */
export class Unreachable extends Error {
  constructor() {
    super('unreachable');
    this.name = 'Unreachable';
  }
}

const known = new Set(['type', 'title', 'status', 'detail', 'code', 'errors', 'instance', 'request_id']);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isFieldError = (value: unknown): value is FieldError =>
  isObject(value) && typeof value.field === 'string' && typeof value.code === 'string';

/** Reads a problem+json body. Anything else, such as the page of a proxy, becomes an error with the status alone. */
export function fromProblem(status: number, body: unknown, retryAfter: string | null): ApiError {
  const problem = isObject(body) ? body : {};
  const members = Object.fromEntries(Object.entries(problem).filter(([name]) => !known.has(name)));
  if (retryAfter !== null && Number.isFinite(Number(retryAfter))) members.retry_after_s = Number(retryAfter);
  const code = typeof problem.code === 'string' ? problem.code : status >= 500 ? 'unavailable' : `http_${status}`;
  const detail = [problem.detail, problem.title].find((text) => typeof text === 'string') ?? '';
  const errors = Array.isArray(problem.errors) ? problem.errors.filter(isFieldError) : [];
  return new ApiError(status, code, detail, errors, members);
}

/** Whether it is unknown if the request was carried out: the same one may be sent again with the same key. */
export function isInDoubt(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiError && error.status === 503);
}
