//! One tab at a time: Web Locks, where the browser has them.

const queues = new Map<string, Promise<unknown>>();

/** Runs `work` while no other tab runs work of the same name. */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (typeof navigator !== 'undefined' && navigator.locks) return await navigator.locks.request(name, work);
  // Plain http on another machine has no Web Locks; there only the work of this tab is queued.
  const next = (queues.get(name) ?? Promise.resolve()).then(work, work);
  queues.set(
    name,
    next.catch(() => null),
  );
  return next;
}
