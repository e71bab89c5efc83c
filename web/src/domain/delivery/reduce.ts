//! What is near a crew, and what it carries. Pure but for the time at which a row left.
import type { CrewMessage, NearbyMessage } from '../../api/channels';
import { clock, ignore } from '../../live';
import type { CrewState, Job, Nearby, NearbyRow, Why } from './types';

/** A row that left stays this long, grey, with its reason. */
export const STAYS_MS = 4000;

export function reduceNearby(nearby: Nearby | undefined, message: NearbyMessage, now = clock.now()): Nearby {
  const { added, removed, why } = message;
  if (message.full || nearby === undefined) {
    const present = new Set(added.map((order) => order.order_id));
    // A full list brings no reasons: rows that show one go on showing it, others just leave.
    const leaving = (nearby?.rows ?? []).filter((one) => one.gone && !present.has(one.order_id) && isShown(one, now));
    const rows = added.map((order) => ({ ...order, gone: null }));
    return { rows: byDistance([...rows, ...leaving]), noPosition: message.no_position === true };
  }
  const rows = new Map(nearby.rows.filter((one) => isShown(one, now)).map((one) => [one.order_id, one]));
  for (const order of added) rows.set(order.order_id, { ...order, gone: null });
  for (const id of removed) {
    const leaving = rows.get(id);
    if (leaving && !leaving.gone) rows.set(id, { ...leaving, gone: { why: why[id] ?? 'claimed', at: now } });
  }
  return { rows: byDistance([...rows.values()]), noPosition: false };
}

const isShown = (one: NearbyRow, now: number) => one.gone === null || now - one.gone.at < STAYS_MS;
const byDistance = (rows: NearbyRow[]) =>
  rows.sort((a, b) => a.distance_m - b.distance_m || (a.order_id < b.order_id ? -1 : 1));

/** Marks a row as gone because of an answer to this crew: a lost race, or its own claim. */
export function leave(nearby: Nearby, id: string, why: Why, now = clock.now()): Nearby {
  // The message that it was claimed may come before the answer names the winner.
  const rows = nearby.rows.map((one) =>
    one.order_id === id ? { ...one, gone: { why, at: one.gone?.at ?? now } } : one,
  );
  return { ...nearby, rows };
}

export const shownRows = (nearby: Nearby, now: number): NearbyRow[] => nearby.rows.filter((one) => isShown(one, now));

const isActive = ({ status }: Job) => status === 'PROCESSING' || status === 'SHIPPED' || status === 'DELIVERY_FAILED';

export function reduceCrew(crew: CrewState, message: CrewMessage): CrewState {
  switch (message.type) {
    case 'job_assigned':
    case 'job_picked_up':
    case 'job_shipped':
    case 'job_delivered':
    case 'job_failed':
    case 'job_returned':
    case 'job_changed':
      return withJob(crew, message.job);
    case 'job_released':
    case 'job_cancelled':
      return withoutJob(crew, message.order_id);
    case 'duty_changed':
      return { ...crew, on_duty: message.on_duty, duty_no: message.duty_no };
    case 'job_problem':
      return crew;
    default:
      return ignore(crew, message);
  }
}

/** The crew's jobs with this one as it is now; a job that is over leaves. */
export function withJob(crew: CrewState, job: Job): CrewState {
  if (!isActive(job)) return withoutJob(crew, job.order_id);
  const isKnown = crew.active.some((one) => one.order_id === job.order_id);
  const active = isKnown
    ? crew.active.map((one) => (one.order_id === job.order_id ? job : one))
    : [...crew.active, job];
  return { ...crew, active };
}

export const withoutJob = (crew: CrewState, id: string): CrewState => ({
  ...crew,
  active: crew.active.filter((one) => one.order_id !== id),
});
