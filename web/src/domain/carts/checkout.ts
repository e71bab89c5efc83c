//! One press, one order: the key is stored before anything is sent, so that a reload repeats the request instead of doubling it.
import { answer, api, keyed, newKey } from '../../api/client';
import { ApiError } from '../../api/problem';
import type { Body, ProblemOf, Schema } from '../../api/schemas';
import { ofSlot } from '../../session/slots';
import type { Order } from '../orders';

export type CheckoutInput = Body<'/api/orders/checkout/', 'post'>;
type Refused = ProblemOf<'/api/orders/checkout/', 'post', 409>;
type Attempt = { body: string; key: string };

export async function checkout(wanted: CheckoutInput): Promise<Order> {
  const place = ofSlot('checkout');
  const body = JSON.stringify(wanted);
  const before: Attempt | null = JSON.parse(sessionStorage.getItem(place) ?? 'null');
  const { key } = before?.body === body ? before : { key: newKey() };
  sessionStorage.setItem(place, JSON.stringify({ body, key } satisfies Attempt));
  try {
    const order = await answer(api.POST('/api/orders/checkout/', { params: { header: keyed(key) }, body: wanted }));
    sessionStorage.removeItem(place);
    return order;
  } catch (error) {
    // An error below 500 was decided and changed nothing; only a request in doubt keeps its key.
    if (error instanceof ApiError && error.status < 500) sessionStorage.removeItem(place);
    throw error;
  }
}

/** What keeps a shop's part of the cart from being ordered, or one line of it. */
export type Fault = Schema<'CartProblem'>;

/** The faults of one shop that a refused checkout names (`cart_invalid`). */
export function faultsIn(error: unknown, shop_id: string): Fault[] {
  if (!(error instanceof ApiError) || error.code !== 'cart_invalid') return [];
  const { shops = [] } = error.members as Pick<Refused, 'shops'>;
  return shops.find((one) => one.shop_id === shop_id)?.problems ?? [];
}
