//! A shop's parts of orders: what is new, on the stove, at the counter.
import { api } from '../../api/client';
import type { Order, Page, PrepStatus, ShopOrder } from '../orders';

export type Part = ShopOrder &
  Pick<Order, 'code' | 'fulfilment' | 'payment_mode' | 'currency' | 'crew' | 'placed_at' | 'note'> & {
    order_id: string;
    customer_name: string;
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
        fulfilment: order.fulfilment,
        payment_mode: order.payment_mode,
        customer_name: order.customer?.name ?? '',
        note: order.note ?? null,
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

/** The customer stands at the counter and shows this PIN: the part is theirs. */
export const confirmAtCounter = (part: Part, pin: string) =>
  api.post<Order>(`/api/orders/${part.order_id}/proof/confirm/`, { pin });

export const inColumn = (parts: readonly Part[], status: PrepStatus) =>
  parts.filter((part) => part.prep_status === status);
