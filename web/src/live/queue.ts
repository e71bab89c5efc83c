//! Commands that wait for the line, in the order in which they were given. Pure.

/** Something a person did, as it will be sent to the server once there is a line. */
export type Command = {
  /** Its Idempotency-Key: sent twice, it is carried out once. */
  id: string;
  /** When it was given: the server's clock as this device knows it. */
  at: string;
  kind: string;
  /** What it is about: an order's id, or the one thing there is of its kind. */
  about: string;
  /** Names for the sentence that describes it. */
  words: Record<string, string>;
  /** Takes the place of a waiting one of the same kind: only the last of them counts. */
  replaces?: boolean;
};
export type Reason = { status: number; code: string; detail: string; members: Readonly<Record<string, unknown>> };
export type Queued<C extends Command = Command> = C & {
  /** why it was refused; null while it waits */ refused: Reason | null;
};
export type Queue<C extends Command = Command> = readonly Queued<C>[];

const isSame = (one: Command, other: Command) => one.about === other.about && one.kind === other.kind;

export function add<C extends Command>(queue: Queue<C>, command: C): Queue<C> {
  const before = command.replaces ? queue.filter((one) => !isSame(one, command)) : queue;
  return [...before, { ...command, refused: null }];
}

/** The one to send now: a refused one waits for a person, not for the line. */
export const next = <C extends Command>(queue: Queue<C>): Queued<C> | undefined =>
  queue.find((one) => one.refused === null);
export const waiting = <C extends Command>(queue: Queue<C>): Queue<C> => queue.filter((one) => one.refused === null);
export const without = <C extends Command>(queue: Queue<C>, id: string): Queue<C> =>
  queue.filter((one) => one.id !== id);
export const refuse = <C extends Command>(queue: Queue<C>, id: string, reason: Reason): Queue<C> =>
  queue.map((one) => (one.id === id ? { ...one, refused: reason } : one));
