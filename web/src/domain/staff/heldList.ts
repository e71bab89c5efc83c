//! Rows that stand still while somebody is among them: what goes stays in its place and says so, what is new waits. Pure.

export type Still<T> = {
  rows: { item: T /** it left the list meanwhile */; gone: boolean }[];
  /** How many wait to be let in. */
  fresh: number;
};

/** The list as it is, or as it was when `held` was taken: `known` are the items by id, wherever they are now. */
export function still<T extends { id: string }>(
  present: readonly T[],
  held: readonly string[] | null,
  known: Readonly<Record<string, T>>,
): Still<T> {
  if (held === null) return { rows: present.map((item) => ({ item, gone: false })), fresh: 0 };
  const here = new Map(present.map((item) => [item.id, item]));
  const before = new Set(held);
  const rows = held.flatMap((id) => {
    const item = here.get(id) ?? known[id];
    return item ? [{ item, gone: !here.has(id) }] : [];
  });
  return { rows, fresh: present.filter((item) => !before.has(item.id)).length };
}
