//! Messages of an order's channels, applied to what REST returned. Pure.
import type { OrderMessage, OrderSnapshot, TrackMessage } from '../../api/channels';
import { ignore } from '../../live';
import { isOver, type Order } from './types';

/** The order with its state as the channel has it now; lines, money and address stay. */
export function withState(order: Order, state: OrderSnapshot): Order {
  const byShop = new Map(state.prep.map((prep) => [prep.shop_id, prep]));
  return {
    ...order,
    status: state.status,
    crew: state.crew,
    delivered_at: state.delivered_at,
    completable_at: state.completable_at,
    shop_orders: order.shop_orders.map((part) => ({ ...part, ...byShop.get(part.shop_id) })),
  };
}

/** Every message carries the whole state, so that its type makes no difference here. */
export const reduceOrder = (order: Order, message: OrderMessage): Order => withState(order, message.order);

/** Where the crew is, as far as this reader may know it. */
export type TrackPosition = Extract<TrackMessage, { type: 'position' }>;
export type Track = { position: TrackPosition | null };
const nowhere: Track = { position: null };

/** The latest position; none once the order is over, whatever still arrives. */
export function reduceTrack(track: Track = nowhere, message: TrackMessage): Track {
  switch (message.type) {
    case 'state':
      return isOver(message.status) ? nowhere : track;
    case 'position':
      return isOlder(message, track.position) ? track : { position: message };
    default:
      return ignore(track, message);
  }
}

// By the device's time: a late fix never moves the dot back. A coarse place has no time of its own.
const isOlder = (next: TrackPosition, before: TrackPosition | null) =>
  before !== null && !next.coarse && !before.coarse && Date.parse(next.at) < Date.parse(before.at);
