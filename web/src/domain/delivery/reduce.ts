//! What a crew sees near, and what a crew carries. Pure but for the instant a row went.
import { clock } from '../../live/clock';
import type { Deed } from '../../live/queue';
import { DUTY } from './commands';
import type { CrewEvent, CrewState, Job, Nearby, NearbyEvent, NearbyOrder, NearbyRow, Why } from './types';

/** A row that vanished stays this long, grey, with its reason. */
export const STAYS_MS = 4000;

const row = (order: NearbyOrder): NearbyRow => ({ ...order, gone: null });

export function reduceNearby(nearby: Nearby | undefined, event: NearbyEvent, now = clock.now()): Nearby {
  const added = event.added ?? [];
  if (event.full || nearby === undefined) {
    const present = new Set(added.map((order) => order.order_id));
    // Rows that said why they go keep saying it; a full list brings no reasons, so others just leave.
    const going = (nearby?.rows ?? []).filter((one) => one.gone && !present.has(one.order_id) && fresh(one, now));
    return { rows: byDistance([...added.map(row), ...going]), noPosition: event.no_position === true };
  }
  const rows = new Map(nearby.rows.filter((one) => fresh(one, now)).map((one) => [one.order_id, one]));
  for (const order of added) rows.set(order.order_id, { ...rows.get(order.order_id), ...order, gone: null });
  for (const id of event.removed ?? []) {
    const going = rows.get(id);
    if (going && !going.gone) rows.set(id, { ...going, gone: { why: event.why?.[id] ?? 'claimed', at: now } });
  }
  return { rows: byDistance([...rows.values()]), noPosition: false };
}

const fresh = (one: NearbyRow, now: number) => one.gone === null || now - one.gone.at < STAYS_MS;
const byDistance = (rows: NearbyRow[]) =>
  rows.sort((a, b) => a.distance_m - b.distance_m || (a.order_id < b.order_id ? -1 : 1));

/** Marks a row as gone because of what this crew did or was told: a lost race, or its own claim. */
export function leave(nearby: Nearby, id: string, why: Why, now = clock.now()): Nearby {
  // The list may have heard that it was claimed before the answer says by whom.
  const rows = nearby.rows.map((one) =>
    one.order_id === id ? { ...one, gone: { why, at: one.gone?.at ?? now } } : one,
  );
  return { ...nearby, rows };
}

export const stillThere = (nearby: Nearby, now: number): NearbyRow[] => nearby.rows.filter((one) => fresh(one, now));

const carried = (job: Job) =>
  job.status === 'PROCESSING' || job.status === 'SHIPPED' || job.status === 'DELIVERY_FAILED';

export function reduceCrew(crew: CrewState, event: CrewEvent): CrewState {
  if (event.job) return withJob(crew, event.job);
  const id = event.order_id ?? event.order?.id;
  if (id && /_(released|cancelled)$/.test(event.type)) return withoutJob(crew, id);
  if (event.on_duty === undefined) return crew;
  return { ...crew, on_duty: event.on_duty, duty_no: event.duty_no ?? crew.duty_no ?? 0 };
}

/** The crew's jobs with this one as it is now; a job that is over leaves. */
export function withJob(crew: CrewState, job: Job): CrewState {
  if (!carried(job)) return withoutJob(crew, job.order_id);
  const known = crew.active.some((one) => one.order_id === job.order_id);
  const active = known ? crew.active.map((one) => (one.order_id === job.order_id ? job : one)) : [...crew.active, job];
  return { ...crew, active };
}

export const withoutJob = (crew: CrewState, id: string): CrewState => ({
  ...crew,
  active: crew.active.filter((one) => one.order_id !== id),
});

/** The crew's state with the answer to a deed laid over it; the event that tells the same changes nothing more. */
export function answered(crew: CrewState, deed: Deed, answer: unknown): CrewState {
  if (deed.about === DUTY) {
    const { on_duty, duty_no, active } = answer as CrewState;
    return { ...crew, on_duty, active, ...(duty_no === undefined ? {} : { duty_no }) };
  }
  if (deed.kind === 'confirm') return withoutJob(crew, deed.about);
  return deed.kind === 'problem' ? crew : withJob(crew, answer as Job);
}
