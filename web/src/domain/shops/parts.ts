//! A shop's parts of orders: what is new, on the stove, at the counter.
import { api } from '../../api/client';
import type { CrewName, Order, Page, PrepStatus, ShopOrder } from '../orders';

export type Part = ShopOrder & {
  order_id: string;
  code: string;
  currency: string;
  crew: CrewName | null;
  placed_at: string;
};
export const PREP = ['NEW', 'ACCEPTED', 'READY'] as const;

/** Parts that still are at the shop, the oldest first. */
export function partsOf(orders: readonly Order[]): Part[] {
  return orders
    .flatMap((order) =>
      order.shop_orders.map((part) => ({
        ...part,
        order_id: order.id,
        code: order.code,
        currency: order.currency,
        crew: order.crew,
        placed_at: order.placed_at,
      })),
    )
    .filter((part) => !part.picked_up_at)
    .sort((a, b) => a.placed_at.localeCompare(b.placed_at));
}

export const ownOrdersQuery = () => ({
  queryKey: ['shop-orders'],
  queryFn: () => api.get<Page<Order>>('/api/orders/', { status: 'CREATED,PROCESSING', limit: 100 }),
});

type Deed = { deed: 'accept'; prep_minutes: number } | { deed: 'ready' } | { deed: 'reject'; reason: string };

export function prepare(part: Part, { deed, ...body }: Deed): Promise<Order> {
  return api.post<Order>(`/api/orders/${part.order_id}/${deed}/`, { ...body, shop_id: part.shop_id });
}

export const inColumn = (parts: readonly Part[], status: PrepStatus) =>
  parts.filter((part) => part.prep_status === status);
