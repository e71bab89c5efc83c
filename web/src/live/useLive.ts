//! `useLive(channel, snapshot, reduce)`: data that a channel keeps up to date.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import type { ApiError } from '../api/problem';
import type { Channel, MessageOf, SelfContained } from './channels';
import type { Entry, Position, Reduce } from './entry';
import { Feed, type FeedState, type LiveStatus, type Snapshot } from './feed';
import { useFeeds } from './provider';

export type Live<T> = {
  data: T | undefined;
  live: LiveStatus;
  refused: ApiError | null;
  at: Position | null;
  /** Loads the snapshot again, for changes that no message carries. */
  reload: () => void;
  /** Applies an answer to the data at once; the message about the same change then changes nothing more. */
  patch: (change: (data: T) => T) => void;
};

const idle: FeedState = { status: 'loading', refused: null };

/** Data of a durable channel, or of a ring: loaded from `snapshot`, then carried on by `reduce`. A null channel waits. */
export function useLive<C extends Channel, T>(
  channel: C | null,
  snapshot: Snapshot<T>,
  reduce: Reduce<T, MessageOf<C>>,
): Live<T>;
/** Data of an ephemeral channel: its first message, in the subscribe reply or after it, contains everything. */
export function useLive<C extends SelfContained, T>(
  channel: C | null,
  snapshot: null,
  reduce: (data: T | undefined, message: MessageOf<C>) => T,
): Live<T>;
export function useLive<C extends Channel, T>(
  channel: C | null,
  snapshot: Snapshot<T> | null,
  reduce: Reduce<T, MessageOf<C>> | ((data: T | undefined, message: MessageOf<C>) => T),
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
      // With a snapshot, `reduce` is never called without data: the feed applies messages to a loaded entry only.
      (client) => new Feed<C, T>(client, cache, channel, key, snapshot, reduce as Reduce<T | undefined, MessageOf<C>>),
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
  const { reload, patch } = useMemo(
    () => ({
      reload: () => void feed?.load().catch(() => null),
      patch: (change: (data: T) => T) => {
        cache.setQueryData<Entry<T>>(key, (present) => present && { ...present, data: change(present.data) });
      },
    }),
    [feed, cache, name],
  );
  return { data: entry?.data, live: state.status, refused: state.refused, at: entry?.at ?? null, reload, patch };
}

const never = () => () => undefined;
const nothing = () => idle;
