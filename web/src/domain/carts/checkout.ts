//! One gesture, one order: the key stands in storage before anything is sent, so a reload repeats and does not double.
import { api, newKey } from '../../api/client';
import { Refusal } from '../../api/problem';
import { ofSlot } from '../../session/slots';
import type { Fulfilment, Order } from '../orders';

export type Checkout = {
  fulfilment: Fulfilment;
  payment_mode: 'COD' | 'COP' | 'WALLET';
  cart_version: number;
  tip?: string;
};
type Kept = { asked: string; key: string };

export async function checkout(ask: Checkout): Promise<Order> {
  const place = ofSlot('checkout');
  const asked = JSON.stringify(ask);
  const before = JSON.parse(sessionStorage.getItem(place) ?? 'null') as Kept | null;
  const kept = before?.asked === asked ? before : { asked, key: newKey() };
  sessionStorage.setItem(place, JSON.stringify(kept));
  try {
    const order = await api.post<Order>('/api/orders/checkout/', ask, { key: kept.key });
    sessionStorage.removeItem(place);
    return order;
  } catch (error) {
    // A refusal was decided and changed nothing; only what is in doubt keeps its key.
    if (error instanceof Refusal && error.status < 500) sessionStorage.removeItem(place);
    throw error;
  }
}
