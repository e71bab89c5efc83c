import { useQuery } from '@tanstack/react-query';
import { clock } from '../live/clock';
import { answer, publicApi } from './http';

// The seeded city's centre, until the server names its own.
const CENTER: [lng: number, lat: number] = [26.5, 28.5];

/** What this server is; requested again every second while it is starting. */
export function useMeta() {
  return useQuery({
    queryKey: ['meta'],
    queryFn: async () => {
      const sentAt = Date.now();
      const meta = await answer(publicApi.GET('/api/meta/'));
      clock.sample(Date.parse(meta.now), sentAt, Date.now());
      return meta;
    },
    staleTime: 600_000,
    retry: true,
    retryDelay: 1000,
  });
}

/** Where a map begins. */
export function useMapCenter(): [lng: number, lat: number] {
  const [lng = CENTER[0], lat = CENTER[1]] = useMeta().data?.map.center ?? CENTER;
  return [lng, lat];
}
