import type { ShortOrder } from '../orders';
import { withJob } from './reduce';
import type { CrewState } from './types';

/** A carried job with what its order's channel says; an order that is not carried changes nothing. */
export function reduceJob(crew: CrewState, short: ShortOrder): CrewState {
  const job = crew.active.find((one) => one.order_id === short.id);
  if (!job) return crew;
  const prep = new Map(short.prep?.map((one) => [one.shop_id, one]));
  const stops = job.stops.map((stop) => {
    const now = prep.get(stop.shop_id);
    if (!now) return stop;
    return { ...stop, prep_status: now.prep_status, picked_up_at: now.picked_up_at ?? stop.picked_up_at };
  });
  return withJob(crew, { ...job, status: short.status, stops });
}
