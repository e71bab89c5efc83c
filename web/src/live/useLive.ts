//! `useLive(channel, snapshot, reduce)`: data that keeps itself true.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import type { Refusal } from '../api/problem';
import type { Entry, Position, Reduce } from './entry';
import { Feed, type LiveStatus, type Snapshot } from './feed';
import { useFeeds } from './provider';

export type Live<T> = {
  data: T | undefined;
  live: LiveStatus;
  refused: Refusal | null;
  at: Position | null;
  /** Loads the snapshot anew, for what no event tells. */
  reload: () => void;
  /** Lays an answer over the data at once; the event that tells the same changes nothing more. */
  patch: (change: (data: T) => T) => void;
};

const idle = { status: 'loading' as LiveStatus, refused: null, missed: 0 };

/** Data of a kept channel, or of a ring: loaded from `snapshot`, then carried on by `reduce`. A null channel waits. */
export function useLive<T, E>(channel: string | null, snapshot: Snapshot<T>, reduce: Reduce<T, E>): Live<T>;
/** Data of a fleeting channel: its first message, in the subscribe reply or after it, says everything. */
export function useLive<T, E>(channel: string | null, snapshot: null, reduce: Reduce<T | undefined, E>): Live<T>;
export function useLive<T, E>(
  channel: string | null,
  snapshot: Snapshot<T> | null,
  reduce: Reduce<T, E> | Reduce<T | undefined, E>,
): Live<T> {
  const cache = useQueryClient();
  const feeds = useFeeds();
  const key = snapshot?.queryKey ?? ['live', channel];
  const name = channel === null ? null : `${channel} ${JSON.stringify(key)}`;
  // Made once per channel and entry: a page's new closures over the same query are the same feed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `name` stands for snapshot and reduce
  const feed = useMemo(() => {
    if (channel === null || name === null || feeds === null) return null;
    return feeds.of(
      name,
      (client) => new Feed<T, E>(client, cache, channel, key, snapshot, reduce as Reduce<T | undefined, E>),
    );
  }, [name, feeds, cache]);
  useEffect(() => feed?.hold(), [feed]);
  const state = useSyncExternalStore(feed?.subscribe ?? never, feed?.now ?? nothing);
  const { data: entry } = useQuery<Entry<T>>({
    queryKey: key,
    queryFn: () => Promise.reject(new Error('a feed loads this entry')),
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `name` stands for the key
  const [reload, patch] = useMemo(
    () => [
      () => void feed?.load().catch(() => null),
      (change: (data: T) => T) => {
        cache.setQueryData<Entry<T>>(key, (present) => present && { ...present, data: change(present.data) });
      },
    ],
    [feed, cache, name],
  ) as [() => void, (change: (data: T) => T) => void];
  return { data: entry?.data, live: state.status, refused: state.refused, at: entry?.at ?? null, reload, patch };
}

const never = () => () => undefined;
const nothing = () => idle;
