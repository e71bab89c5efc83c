import { answer, api, keyed } from '../../api/client';
import type { Schema } from '../../api/schemas';
import type { Snapshot } from '../../live';
import type { CrewState } from './types';

export const crewSnapshot = (userId: string): Snapshot<CrewState> => ({
  queryKey: ['crew', userId],
  queryFn: () => answer(api.GET('/api/delivery/me/')),
});

export const claim = (id: string, key: string) =>
  answer(api.POST('/api/delivery/orders/{id}/claim/', { params: { path: { id }, header: keyed(key) } }));

export type Ping = Schema<'Ping'>;
/** The way for positions when the socket is down. */
export const postPings = (pings: Ping[]) => answer(api.POST('/api/delivery/pings/', { body: { pings } }));
