import { answer, api } from '../../api/client';
import type { Snapshot } from '../../live';
import type { Order } from './types';

const path = (id: string) => ({ params: { path: { id } } });

export const orderSnapshot = (id: string): Snapshot<Order> => ({
  queryKey: ['order', id],
  queryFn: () => answer(api.GET('/api/orders/{id}/', path(id))),
});

export const proofQuery = (id: string) => ({
  queryKey: ['proof', id],
  queryFn: () => answer(api.GET('/api/orders/{id}/proof/', path(id))),
});

export const myOrdersQuery = () => ({
  queryKey: ['orders', 'mine'],
  queryFn: () => answer(api.GET('/api/orders/', { params: { query: { limit: 30 } } })),
});

export const historyQuery = (id: string) => ({
  queryKey: ['history', id],
  queryFn: () => answer(api.GET('/api/orders/{id}/history/', path(id))),
});

export const cancelOrder = (id: string, reason?: string) =>
  answer(api.POST('/api/orders/{id}/cancel/', { ...path(id), body: reason === undefined ? {} : { reason } }));

export const completeOrder = (id: string) => answer(api.POST('/api/orders/{id}/complete/', path(id)));
