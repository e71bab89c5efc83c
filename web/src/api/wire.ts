//! Bodies as the server's own document describes them.
import type { components } from './schema';

type Schemas = components['schemas'];

/** What is sent, out of the document: nullable members are always there. */
type Sent<T> = T extends readonly (infer I)[]
  ? Sent<I>[]
  : T extends object
    ? { [K in keyof T]-?: Sent<Exclude<T[K], undefined>> }
    : T;

export type Wire<Name extends keyof Schemas> = Sent<Schemas[Name]>;
