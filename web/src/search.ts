//! Reading the parameters of an address.

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export const oneOf = <T extends string>(value: unknown, of: readonly T[]): T | undefined =>
  of.find((one) => one === value);

/** Without the parameters that are undefined: the router would take them for set. */
export const compact = <T extends object>(search: T): T =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
