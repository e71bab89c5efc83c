//! What a cache entry is: data, and the place in its channel that the data stands for. Pure.

export type Position = { offset: number; epoch: string };
export type Entry<T> = { data: T /** null on fleeting channels */; at: Position | null };
export type Heard<E> = { /** 0 on channels that keep no numbers */ offset: number; event: E };
export type Reduce<T, E> = (data: T, event: E) => T;

/** The entry after an event; the same one when it had that event in it already. */
export function advance<T, E>(entry: Entry<T>, heard: Heard<E>, reduce: Reduce<T, E>): Entry<T> {
  if (entry.at === null || heard.offset === 0) return { data: reduce(entry.data, heard.event), at: entry.at };
  if (heard.offset <= entry.at.offset) return entry;
  return { data: reduce(entry.data, heard.event), at: { offset: heard.offset, epoch: entry.at.epoch } };
}

/** A snapshot brought up to what was heard since: a fetch cannot undo an event. */
export function catchUp<T, E>(snapshot: Entry<T>, heard: readonly Heard<E>[], reduce: Reduce<T, E>): Entry<T> {
  const ordered = snapshot.at === null ? heard : [...heard].sort((a, b) => a.offset - b.offset);
  return ordered.reduce((entry, one) => advance(entry, one, reduce), snapshot);
}

/** The place of `channel` in an answer's `live`. */
export function positionIn(live: readonly LivePosition[] | undefined, channel: string): Position | null {
  const found = live?.find((one) => one.channel === channel);
  return found ? { offset: found.offset, epoch: found.epoch } : null;
}

export type LivePosition = { channel: string; offset: number; epoch: string };
