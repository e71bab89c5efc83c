//! Deeds that wait for the line, in the order in which they were done. Pure.

/** Something a person did, as it will be asked of the server whenever there is a line. */
export type Deed = {
  /** Its Idempotency-Key: sent twice, it is done once. */
  id: string;
  /** When it was done: the server's clock as this device knows it. */
  at: string;
  method: 'POST' | 'PATCH';
  path: string;
  body: Record<string, unknown>;
  /** What it is about: an order's id, or the one thing there is of its kind. */
  about: string;
  kind: string;
  /** Names for the sentence that tells of it. */
  words: Record<string, string>;
  /** Takes the place of one that waits about the same: only the last of them counts. */
  replaces?: boolean;
};
export type Reason = { status: number; code: string; detail: string; members: Record<string, unknown> };
export type Kept = Deed & { /** why it was not done; else it waits */ refused: Reason | null };
export type Queue = readonly Kept[];

const same = (one: Deed, other: Deed) => one.about === other.about && one.kind === other.kind;

export function add(queue: Queue, deed: Deed): Queue {
  const before = deed.replaces ? queue.filter((one) => !same(one, deed)) : queue;
  return [...before, { ...deed, refused: null }];
}

/** The one to send now: what was refused waits for a person, not for the line. */
export const next = (queue: Queue): Kept | undefined => queue.find((one) => one.refused === null);
export const waiting = (queue: Queue): Queue => queue.filter((one) => one.refused === null);
export const without = (queue: Queue, id: string): Queue => queue.filter((one) => one.id !== id);
export const refuse = (queue: Queue, id: string, reason: Reason): Queue =>
  queue.map((one) => (one.id === id ? { ...one, refused: reason } : one));
