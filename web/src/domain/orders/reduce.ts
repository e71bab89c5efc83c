//! Events of an order's channel, laid over what REST gave. Pure.
import { isOver, type Order, type OrderEvent, type ShortOrder, type Track, type TrackEvent } from './types';

/** The order with what its channel says of it now; lines, money and address stay. */
export function overlay(order: Order, short: ShortOrder): Order {
  const byShop = new Map(short.prep?.map((prep) => [prep.shop_id, prep]));
  return {
    ...order,
    status: short.status,
    crew: short.crew === undefined ? order.crew : short.crew,
    delivered_at: short.delivered_at ?? order.delivered_at,
    completable_at: short.completable_at ?? order.completable_at ?? null,
    shop_orders: order.shop_orders.map((part) => {
      const prep = byShop.get(part.shop_id);
      return prep ? { ...part, ...prep } : part;
    }),
  };
}

export const reduceOrder = (order: Order, event: OrderEvent): Order =>
  event.order ? overlay(order, event.order) : order;

/** The latest position; none once the order is over, whatever still arrives. */
export function reduceTrack(track: Track | undefined, event: TrackEvent): Track {
  if (event.type === 'state') return isOver(event.status) ? { position: null } : (track ?? { position: null });
  if (event.type !== 'position' || typeof event.lat !== 'number') return track ?? { position: null };
  const before = track?.position;
  // Latest by the device's time: a late fix never moves the dot back.
  if (before && !event.coarse && !before.coarse && Date.parse(event.at) < Date.parse(before.at)) return track;
  return { position: event };
}
