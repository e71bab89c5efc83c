//! A cache entry: data, and the position in its channel that the data stands for. Pure.
import type { Schema } from '../api/schemas';

export type LivePosition = Schema<'Live'>;
/** An answer to a command: its state already contains these messages. */
export type Positioned = { live?: readonly LivePosition[] | undefined };
export type Position = Pick<LivePosition, 'offset' | 'epoch'>;
export type Entry<T> = { data: T /** null on ephemeral channels */; at: Position | null };
export type Received<M> = { /** 0 on ephemeral channels */ offset: number; message: M };
export type Reduce<T, M> = (data: T, message: M) => T;

/** The entry after a message; the same one when its data contains that message already. */
export function advance<T, M>(entry: Entry<T>, received: Received<M>, reduce: Reduce<T, M>): Entry<T> {
  const { offset, message } = received;
  if (entry.at === null || offset === 0) return { data: reduce(entry.data, message), at: entry.at };
  if (offset <= entry.at.offset) return entry;
  return { data: reduce(entry.data, message), at: { offset, epoch: entry.at.epoch } };
}

/** A snapshot with the messages received since applied: a fetch cannot undo one. */
export function catchUp<T, M>(snapshot: Entry<T>, received: readonly Received<M>[], reduce: Reduce<T, M>): Entry<T> {
  const ordered = snapshot.at === null ? received : [...received].sort((a, b) => a.offset - b.offset);
  return ordered.reduce((entry, one) => advance(entry, one, reduce), snapshot);
}

/** The position of `channel` among those of an answer. */
export function positionIn(live: readonly LivePosition[] | null | undefined, channel: string): Position | null {
  const found = live?.find((one) => one.channel === channel);
  return found ? { offset: found.offset, epoch: found.epoch } : null;
}
