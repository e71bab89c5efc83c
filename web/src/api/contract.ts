//! What the server's own document says must fit what the pages were written for: a change there is a type error here.
import type { CrewState, Job } from '../domain/delivery';
import type { HistoryItem, Order } from '../domain/orders';
import type { Product } from '../domain/shops';
import type { CrewDot, TrailPoint } from '../domain/staff';
import type { Wire } from './wire';

/** An error here names the member that does not fit. */
type Fits<Ours, Theirs extends Ours> = Theirs;

export type Contract = {
  crew: Fits<CrewState, Wire<'CrewState'>>;
  dot: Fits<Omit<CrewDot, 'status'>, Omit<Wire<'CrewDot'>, 'status'>>;
  history: Fits<HistoryItem, Wire<'HistoryItem'>>;
  job: Fits<Job, Wire<'Job'>>;
  order: Fits<Order, Wire<'Order'>>;
  product: Fits<Product, Wire<'Product'>>;
  trail: Fits<TrailPoint, Wire<'TrailPoint'>>;
};
