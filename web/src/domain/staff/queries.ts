import { api } from '../../api/client';
import type { LivePosition, Snapshot } from '../../live';
import type { Job } from '../delivery';
import type { Order, Page } from '../orders';
import { boardOf } from './board';
import type { Board, CrewsMap, TrailPoint } from './types';

const UNDER_WAY = 'CREATED,PROCESSING,SHIPPED,DELIVERY_FAILED';
const OVER = 'DELIVERED,COMPLETED,CANCELLED,RETURNED_TO_SHOP';
// Ten pages of a hundred: beyond that a board is no longer read, and the search asks the server.
const PAGES = 10;
// Of so many crews the whole list is heavy.
const MANY = 1000;

async function underWay(): Promise<Order[]> {
  const orders: Order[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGES; page += 1) {
    const got: Page<Order> = await api.get<Page<Order>>('/api/orders/', { status: UNDER_WAY, limit: 100, cursor });
    orders.push(...got.items);
    cursor = got.next;
    if (cursor === null) break;
  }
  return orders;
}

/** The board: everything under way and what ended lately; the staff room tells the rest. */
export const boardSnapshot = (): Snapshot<Board> => ({
  queryKey: ['board'],
  ring: true,
  queryFn: async () => {
    const [open, over] = await Promise.all([
      underWay(),
      api.get<Page<Order>>('/api/orders/', { status: OVER, limit: 20 }),
    ]);
    return boardOf([...over.items, ...open]);
  },
});

export const crewsMapQuery = () => ({
  queryKey: ['crews-map'],
  queryFn: () => api.get<CrewsMap>('/api/staff/crews/map/'),
  // Cells count anew and come into use as crews move; positions themselves come by their channels.
  refetchInterval: ({ state }: { state: { data?: CrewsMap | undefined } }) =>
    (state.data?.crews.length ?? 0) > MANY ? 15_000 : 5_000,
});

export const trailQuery = (id: string, minutes: number) => ({
  queryKey: ['trail', id, minutes],
  queryFn: () =>
    api.get<Page<TrailPoint>>(`/api/staff/crews/${id}/trail/`, {
      from: new Date(Date.now() - minutes * 60_000).toISOString(),
    }),
});

export const reassign = (id: string, crew_id: string | null, reason: string) =>
  api.post<Job & { live?: LivePosition[] }>(`/api/staff/orders/${id}/reassign/`, { crew_id, reason });
export const unlockProof = (id: string, reason: string) =>
  api.post<Order>(`/api/staff/orders/${id}/override/`, { to: 'unlock_proof', reason });
export const deliver = (id: string, reason: string) =>
  api.post<Order>(`/api/staff/orders/${id}/override/`, { to: 'DELIVERED', reason });
export const cancelOrder = (id: string, reason: string) => api.post<Order>(`/api/orders/${id}/cancel/`, { reason });
