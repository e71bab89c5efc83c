//! Loads a query again because of a message.
import type { QueryClient, QueryKey } from '@tanstack/react-query';

/** Drops a load under way, whose answer may be older than the message: the cache would join a first load and lose the change. */
export async function reload(cache: QueryClient, queryKey: QueryKey): Promise<void> {
  await cache.cancelQueries({ queryKey, type: 'active' });
  await cache.invalidateQueries({ queryKey });
}
