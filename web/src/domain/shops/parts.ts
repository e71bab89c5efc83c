//! A shop's parts of orders: new, being prepared, at the counter.
import { answer, api } from '../../api/client';
import type { Order, PrepStatus, ShopOrder } from '../orders';

export type Part = ShopOrder & {
  order_id: string;
  customer_name: string;
} & Pick<Order, 'code' | 'fulfilment' | 'payment_mode' | 'currency' | 'crew' | 'placed_at' | 'note'>;
export const PREP = ['NEW', 'ACCEPTED', 'READY'] as const;

/** Parts that are still at the shop, the oldest first. */
export function partsOf(orders: readonly Order[]): Part[] {
  return orders
    .flatMap((order) =>
      order.shop_orders.map((part) => ({
        ...part,
        order_id: order.id,
        code: order.code,
        fulfilment: order.fulfilment,
        payment_mode: order.payment_mode,
        customer_name: order.customer.name,
        note: order.note,
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
  queryFn: () => answer(api.GET('/api/orders/', { params: { query: { status: 'CREATED,PROCESSING', limit: 100 } } })),
});

const of = ({ order_id }: Part) => ({ params: { path: { id: order_id } } });

export const accept = (part: Part, prep_minutes: number): Promise<Order> =>
  answer(api.POST('/api/orders/{id}/accept/', { ...of(part), body: { prep_minutes, shop_id: part.shop_id } }));
export const markReady = (part: Part): Promise<Order> =>
  answer(api.POST('/api/orders/{id}/ready/', { ...of(part), body: { shop_id: part.shop_id } }));
export const reject = (part: Part, reason: string): Promise<Order> =>
  answer(api.POST('/api/orders/{id}/reject/', { ...of(part), body: { reason, shop_id: part.shop_id } }));

/** The customer is at the counter and shows this PIN: the part is theirs. */
export const confirmAtCounter = (part: Part, pin: string): Promise<Order> =>
  answer(api.POST('/api/orders/{id}/proof/confirm/', { ...of(part), body: { pin } }));

export const inColumn = (parts: readonly Part[], status: PrepStatus) =>
  parts.filter((part) => part.prep_status === status);
