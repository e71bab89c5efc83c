//! One tab at a time: Web Locks, where the browser has them.

const queues = new Map<string, Promise<unknown>>();

/** Runs `work` when no other tab runs work of that name. */
export function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (typeof navigator !== 'undefined' && navigator.locks) return navigator.locks.request(name, work) as Promise<T>;
  // Plain http on another machine has no Web Locks; there the tabs of one browser share only this queue.
  const next = (queues.get(name) ?? Promise.resolve()).then(work, work);
  queues.set(
    name,
    next.catch(() => null),
  );
  return next;
}
