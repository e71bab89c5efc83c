//! The socket and the feeds of the signed-in person, for everything below.
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { useUser } from '../session/hooks';
import type { Channel, MessageOf, SnapshotOf } from './channels';
import { type LineState, LiveClient } from './client';
import type { Feed } from './feed';

export class Feeds {
  // biome-ignore lint/suspicious/noExplicitAny: feeds of many data types share one map; each name belongs to one type
  private readonly byName = new Map<string, Feed<any, any>>();

  constructor(readonly client: LiveClient) {}

  of<C extends Channel, T>(name: string, make: (client: LiveClient) => Feed<C, T>): Feed<C, T> {
    const known = this.byName.get(name);
    if (known) return known;
    const made = make(this.client);
    this.byName.set(name, made);
    return made;
  }
}

const Context = createContext<Feeds | null>(null);

/** Opens the socket for the person of this slot; another person gets another socket and an empty cache. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const id = useUser()?.id ?? null;
  const cache = useQueryClient();
  const [feeds, setFeeds] = useState<Feeds | null>(null);
  useEffect(() => {
    if (id === null) return;
    const client = new LiveClient(location.origin);
    setFeeds(new Feeds(client));
    client.connect();
    return () => {
      client.close();
      setFeeds(null);
      cache.clear();
    };
  }, [id, cache]);
  return <Context value={feeds}>{children}</Context>;
}

export const useFeeds = (): Feeds | null => useContext(Context);

const connecting: LineState = { line: 'connecting', since: Date.now(), wasLive: false };

/** State of the line itself. */
export function useLine(): LineState {
  const client = useFeeds()?.client;
  const [subscribe, now] = useMemo(
    () => (client ? ([client.subscribe, client.line] as const) : ([() => () => undefined, () => connecting] as const)),
    [client],
  );
  return useSyncExternalStore(subscribe, now);
}

/** Observes a channel's messages without storing data: for what bypasses React, and for short notices. */
export function useMessages<C extends Channel>(
  channel: C | null,
  onMessage: (message: MessageOf<C>) => void,
  onSubscribed?: (snapshot: SnapshotOf<C> | null) => void,
) {
  const client = useFeeds()?.client;
  useEffect(() => {
    if (!client || channel === null) return;
    return client.observe(channel, {
      received: ({ message }) => onMessage(message),
      subscribed: ({ snapshot }) => onSubscribed?.(snapshot),
    });
  }, [client, channel, onMessage, onSubscribed]);
}
