import { api } from '../../api/client';
import type { Snapshot } from '../../live';
import type { CrewState, Job } from './types';

export const crewSnapshot = (userId: string): Snapshot<CrewState> => ({
  queryKey: ['crew', userId],
  queryFn: () => api.get<CrewState>('/api/delivery/me/'),
});

export const claim = (id: string, key: string) => api.post<Job>(`/api/delivery/orders/${id}/claim/`, {}, { key });

export type Ping = {
  lat: number;
  lng: number;
  at: string;
  accuracy_m?: number;
  heading_deg?: number;
  speed_mps?: number;
  mock?: boolean;
  seq?: number;
  duty?: number;
};
/** The way for positions when the socket is down. */
export const postPings = (pings: Ping[]) =>
  api.post<{ accepted: number; rejected: { index: number; code: string }[] }>('/api/delivery/pings/', { pings });
