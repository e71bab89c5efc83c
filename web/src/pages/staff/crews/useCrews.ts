import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { type CityCell, type CrewDot, crewsMapQuery, type MapEvent } from '../../../domain/staff';
import { Positions, useFeeds } from '../../../live';

// As many cells as one person can look at.
const MOST_CELLS = 64;
const NONE: CityCell[] = [];

/** All crews: the list once and again for new cells, positions by their cells' channels, outside React. */
export function useCrews() {
  const client = useFeeds()?.client;
  const list = useQuery(crewsMapQuery());
  const [positions] = useState(() => new Positions());
  const cells = useMemo(
    () =>
      (list.data?.live ?? [])
        .map((one) => one.channel)
        .sort()
        .slice(0, MOST_CELLS),
    [list.data],
  );
  const cellsKey = cells.join(' ');

  useEffect(() => {
    if (list.data) positions.take(list.data.crews, new Set(positions.all().map((dot) => dot.id)));
  }, [list.data, positions]);

  useEffect(() => {
    if (!client || cellsKey === '') return;
    const leave = cellsKey.split(' ').map((channel) => {
      let seen = new Set<string>();
      const take = (event: MapEvent) => {
        const crews: CrewDot[] = event.crews ?? [];
        positions.take(crews, event.full ? seen : null);
        seen = event.full ? new Set(crews.map((crew) => crew.id)) : new Set([...seen, ...crews.map((crew) => crew.id)]);
      };
      return client.listen(channel, {
        publication: (heard) => take(heard.event as MapEvent),
        subscribed: (how) => {
          if (how.data) take({ ...(how.data as MapEvent), full: true });
        },
        away: () => undefined,
        refused: () => undefined,
      });
    });
    return () => {
      for (const end of leave) end();
    };
  }, [client, cellsKey, positions]);

  return {
    positions,
    cells: list.data?.cells ?? NONE,
    loaded: list.isSuccess,
    error: list.error,
    again: () => void list.refetch(),
  };
}

export type Crews = ReturnType<typeof useCrews>;

/** The positions' version, at most every second: for lists and counts beside the map. */
export function useDots(positions: Positions): number {
  const [subscribe, version] = useMemo(() => slow(positions), [positions]);
  return useSyncExternalStore(subscribe, version);
}

function slow(positions: Positions) {
  let told = positions.version;
  const subscribe = (listener: () => void) => {
    const timer = setInterval(() => {
      if (told === positions.version) return;
      told = positions.version;
      listener();
    }, 1000);
    const stop = positions.subscribe(() => {
      if (told !== 0) return;
      told = positions.version;
      listener();
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  };
  return [subscribe, () => told] as const;
}
