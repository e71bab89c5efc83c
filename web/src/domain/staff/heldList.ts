//! A list whose rows stay in place while somebody points at it: a row that left keeps its place and says so, new ones wait. Pure.

export type HeldList<T> = {
  rows: { item: T /** it left the list meanwhile */; gone: boolean }[];
  /** How many new items wait. */
  fresh: number;
};

/** The list as it is, or as it was when `held` was taken; `known` are all items by id, also those that left the list. */
export function holdList<T extends { id: string }>(
  present: readonly T[],
  held: readonly string[] | null,
  known: Readonly<Record<string, T>>,
): HeldList<T> {
  if (held === null) return { rows: present.map((item) => ({ item, gone: false })), fresh: 0 };
  const here = new Map(present.map((item) => [item.id, item]));
  const before = new Set(held);
  const rows = held.flatMap((id) => {
    const item = here.get(id) ?? known[id];
    return item ? [{ item, gone: !here.has(id) }] : [];
  });
  return { rows, fresh: present.filter((item) => !before.has(item.id)).length };
}
