import { api } from '../../api/client';
import type { Wire } from '../../api/wire';
import type { Snapshot } from '../../live';
import type { Order } from './types';

export type Page<T> = { items: T[]; next: string | null };

export const orderSnapshot = (id: string): Snapshot<Order> => ({
  queryKey: ['order', id],
  queryFn: () => api.get<Order>(`/api/orders/${id}/`),
});

export const proofQuery = (id: string) => ({
  queryKey: ['proof', id],
  queryFn: () => api.get<Wire<'Proof'>>(`/api/orders/${id}/proof/`),
});

export const myOrdersQuery = () => ({
  queryKey: ['orders', 'mine'],
  queryFn: () => api.get<Page<Order>>('/api/orders/', { limit: 30 }),
});

export type HistoryItem = {
  type: string;
  status: string | null;
  at: string | null;
  actor_role?: string | null;
  note?: string | null;
  offset?: number;
};
export const historyQuery = (id: string) => ({
  queryKey: ['history', id],
  queryFn: () => api.get<Page<HistoryItem>>(`/api/orders/${id}/history/`, { limit: 100 }),
});
