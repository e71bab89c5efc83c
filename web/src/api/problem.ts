//! What a person can act on: a problem of the REST side or an error of a call over the socket, as one thing.

export type FieldError = { field: string; code: string; message: string };

/** A refusal: status, slug, the server's sentence, field errors and the extension members (`tries_left`, ...). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
    readonly members: Record<string, unknown> = {},
  ) {
    super(detail || code);
    this.name = 'Refusal';
  }

  /** Seconds until asking again makes sense, where the server said so. */
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

const known = new Set(['type', 'title', 'status', 'detail', 'code', 'errors', 'instance']);

/** Reads a problem+json body; anything else becomes a refusal with the status alone. */
export function fromProblem(status: number, body: unknown, retryAfter: string | null): Refusal {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const members: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(problem)) if (!known.has(name)) members[name] = value;
  if (retryAfter !== null && Number.isFinite(Number(retryAfter))) members.retry_after_s = Number(retryAfter);
  const code = typeof problem.code === 'string' ? problem.code : status >= 500 ? 'unavailable' : `http_${status}`;
  const detail = [problem.detail, problem.title].find((t): t is string => typeof t === 'string') ?? '';
  const errors = Array.isArray(problem.errors) ? (problem.errors as FieldError[]) : [];
  return new Refusal(status, code, detail, errors, members);
}

/** An error of a call over the socket: the code is the HTTP status, the message is the slug. */
export function fromCall(error: { code: number; message: string }): Refusal | Unreachable {
  if (error.code < 400) return new Unreachable();
  return new Refusal(error.code, error.message, '');
}

/** Whether the same gesture may be sent again with the same key: nobody knows yet whether it was done. */
export function inDoubt(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Refusal && error.status === 503);
}
