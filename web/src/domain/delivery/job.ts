import type { OrderSnapshot } from '../../api/channels';
import { withJob } from './reduce';
import type { CrewState } from './types';

/** A carried job with the state that its order's channel carries; an order that is not carried changes nothing. */
export function withOrderState(crew: CrewState, order: OrderSnapshot): CrewState {
  const job = crew.active.find((one) => one.order_id === order.id);
  if (!job) return crew;
  const prep = new Map(order.prep.map((one) => [one.shop_id, one]));
  const stops = job.stops.map((stop) => {
    const now = prep.get(stop.shop_id);
    if (!now) return stop;
    return { ...stop, prep_status: now.prep_status, picked_up_at: now.picked_up_at ?? stop.picked_up_at ?? null };
  });
  return withJob(crew, { ...job, status: order.status, stops });
}
