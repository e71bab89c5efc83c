//! Names for the server's schemas: `schema.d.ts` is generated from its OpenAPI document by `make schema`.
import type { components, paths } from './schema';

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** The JSON body that an operation takes. */
export type Body<Path extends keyof paths, Method extends 'post' | 'patch'> =
  NonNullable<paths[Path][Method]> extends { requestBody?: infer Request }
    ? NonNullable<Request> extends { content: { 'application/json': infer Json } }
      ? Json
      : never
    : never;

/** The error that an operation answers with this status, with the members of all its codes. */
export type ProblemOf<Path extends keyof paths, Method extends 'post' | 'patch', Status extends number> =
  NonNullable<paths[Path][Method]> extends {
    responses: { [S in Status]: { content: { 'application/problem+json': infer Json } } };
  }
    ? Json
    : never;
