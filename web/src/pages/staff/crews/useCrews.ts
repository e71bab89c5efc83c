import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { MapMessage } from '../../../api/channels';
import { type CityCell, crewsMapQuery } from '../../../domain/staff';
import { Positions, useFeeds } from '../../../live';

// The most cells that one person can look at.
const MAX_CELLS = 64;
const NONE: CityCell[] = [];
type MapChannel = `map:${string}`;
const isMapChannel = (channel: string): channel is MapChannel => channel.startsWith('map:');

/** All crews: the list again and again for new cells, positions by the cells' channels, outside React. */
export function useCrews() {
  const client = useFeeds()?.client;
  const list = useQuery(crewsMapQuery());
  const [positions] = useState(() => new Positions());
  const cells = (list.data?.live ?? [])
    .map((one) => one.channel)
    .sort()
    .slice(0, MAX_CELLS)
    .join(' ');

  useEffect(() => {
    if (list.data) positions.take(list.data.crews, new Set(positions.all().map((dot) => dot.id)));
  }, [list.data, positions]);

  useEffect(() => {
    if (!client) return;
    const stops = cells
      .split(' ')
      .filter(isMapChannel)
      .map((channel) => {
        let seen = new Set<string>();
        const take = ({ crews, full }: MapMessage) => {
          const ids = crews.map((crew) => crew.id);
          positions.take(crews, full ? seen : null);
          seen = new Set(full ? ids : [...seen, ...ids]);
        };
        return client.observe(channel, {
          received: ({ message }) => take(message),
          subscribed: ({ snapshot }) => snapshot && take({ ...snapshot, full: true }),
        });
      });
    return () => {
      for (const stop of stops) stop();
    };
  }, [client, cells, positions]);

  return {
    positions,
    cells: list.data?.cells ?? NONE,
    loaded: list.isSuccess,
    error: list.error,
    again: () => void list.refetch(),
  };
}

export type Crews = ReturnType<typeof useCrews>;

/** The positions' version, at most once a second: for lists and counts beside the map. */
export function useDots(positions: Positions): number {
  const [subscribe, version] = useMemo(() => slow(positions), [positions]);
  return useSyncExternalStore(subscribe, version);
}

function slow(positions: Positions) {
  let shown = positions.version;
  const subscribe = (listener: () => void) => {
    const timer = setInterval(() => {
      if (shown === positions.version) return;
      shown = positions.version;
      listener();
    }, 1000);
    const stop = positions.subscribe(() => {
      if (shown !== 0) return;
      shown = positions.version;
      listener();
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  };
  return [subscribe, () => shown] as const;
}
