import { useQuery } from '@tanstack/react-query';
import { clock } from '../live/clock';
import type { Role } from '../session/store';
import { api } from './client';

export type DemoPerson = { username: string; role: Role; first_name?: string; does?: string };
export type Meta = {
  name: string;
  build: string;
  now: string;
  languages: string[];
  currency: string;
  map: { style: string; center?: [number, number]; zoom?: number } | null;
  demo: { people: DemoPerson[]; password: string } | null;
};

/** What this server is: asked again every second while it is starting. */
export function useMeta() {
  return useQuery({
    queryKey: ['meta'],
    queryFn: async () => {
      const sentAt = Date.now();
      const meta = await api.get<Meta>('/api/meta/', {}, { open: true });
      clock.sample(Date.parse(meta.now), sentAt, Date.now());
      return meta;
    },
    staleTime: 600_000,
    retry: true,
    retryDelay: 1000,
  });
}
