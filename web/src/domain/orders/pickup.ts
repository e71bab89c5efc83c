//! An order that its customer picks up: counters in place of a crew. Pure.
import type { Order, ShopOrder } from './types';

export const PICKUP_STAGES = ['NEW', 'ACCEPTED', 'READY', 'PICKED_UP'] as const;
export type PickupStage = (typeof PICKUP_STAGES)[number];

/** The parts that shops did not reject. */
export const liveParts = (order: Pick<Order, 'shop_orders'>): ShopOrder[] =>
  order.shop_orders.filter((part) => part.prep_status !== 'REJECTED');

/** How far a pickup is: as far as the slowest of its shops. */
export function stageOf(order: Order): PickupStage {
  if (order.status === 'DELIVERED' || order.status === 'COMPLETED') return 'PICKED_UP';
  const parts = liveParts(order);
  if (parts.some((part) => part.prep_status === 'NEW')) return 'NEW';
  return parts.every((part) => part.prep_status === 'READY') ? 'READY' : 'ACCEPTED';
}

/** When the last of its shops will be ready, in ms; null while one has not said. */
export function readyAt(order: Order): number | null {
  let last = Number.NEGATIVE_INFINITY;
  for (const part of liveParts(order)) {
    if (!part.ready_at) return null;
    last = Math.max(last, Date.parse(part.ready_at));
  }
  return last;
}

/** Whether there is a PIN to show now. */
export const isProofDue = (order: Order): boolean =>
  order.fulfilment === 'pickup' ? order.status === 'CREATED' && stageOf(order) === 'READY' : order.status === 'SHIPPED';

/** Once a part was picked up at a counter the order cannot be cancelled. */
export const mayCancel = (order: Order): boolean =>
  order.status === 'PROCESSING' ||
  (order.status === 'CREATED' && !liveParts(order).some((part) => part.picked_up_at != null));
