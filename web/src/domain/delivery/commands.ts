//! What a crew does that can wait for the line, as deeds of the outbox, and a job as it will be once they are sent. Pure.
import { type Deed, type Kept, waiting } from '../../live/queue';
import type { Spot } from './ride';
import type { Job, Stop } from './types';

type Made = { id: string; at: string };
export const DUTY = 'duty';

const of = (made: Made, job: Job, kind: string, path: string, body: Record<string, unknown>, words = {}): Deed => ({
  ...made,
  method: 'POST',
  path,
  body,
  about: job.order_id,
  kind,
  words: { code: job.code ?? '', ...words },
});
const advance = (made: Made, job: Job, kind: string, body: Record<string, unknown>, words = {}) =>
  of(made, job, kind, `/api/delivery/orders/${job.order_id}/advance/`, body, words);

export const setDuty = (made: Made, on_duty: boolean): Deed => ({
  ...made,
  method: 'PATCH',
  path: '/api/delivery/me/',
  body: { on_duty },
  about: DUTY,
  kind: DUTY,
  words: { to: on_duty ? 'on' : 'off' },
  replaces: true,
});
// Named, so that one who was there before gets to hear that the order moved on, and not that a PIN is due.
export const pickUp = (made: Made, job: Job, stop: Stop) =>
  advance(made, job, 'pick_up', { to: 'SHIPPED', shop_id: stop.shop_id }, { shop: stop.name, shop_id: stop.shop_id });
export const pickUpAll = (made: Made, job: Job) => advance(made, job, 'pick_up_all', { to: 'SHIPPED' });
export const fail = (made: Made, job: Job) =>
  advance(made, job, 'fail', { to: 'DELIVERY_FAILED', reason: 'could not deliver' });
export const returned = (made: Made, job: Job) =>
  advance(made, job, 'returned', { to: 'RETURNED_TO_SHOP', reason: 'returned' });
export const giveBack = (made: Made, job: Job) =>
  of(made, job, 'give_back', `/api/delivery/orders/${job.order_id}/release/`, { reason: 'given back' });
export const problem = (made: Made, job: Job, what: string) =>
  of(made, job, 'problem', `/api/delivery/orders/${job.order_id}/problem/`, { kind: what }, { what });
/** The PIN with the time and place it was shown at: late evidence says so itself. */
export const confirm = (made: Made, job: Job, pin: string, here: Spot | null) =>
  of(made, job, 'confirm', `/api/orders/${job.order_id}/proof/confirm/`, {
    pin,
    at: made.at,
    ...(here ? { lat: here.lat, lng: here.lng } : {}),
  });

export const hasGoods = (stop: Stop) => stop.picked_up_at !== null || stop.prep_status === 'REJECTED';

/** The job as it will be once what waits is sent: what can be done next follows from this, what is shown does not. */
export function expected(job: Job, kept: readonly Kept[]): Job {
  return waiting(kept)
    .filter((deed) => deed.about === job.order_id)
    .reduce(after, job);
}

function after(job: Job, deed: Deed): Job {
  switch (deed.kind) {
    case 'pick_up':
    case 'pick_up_all': {
      const stops = job.stops.map((stop) =>
        deed.kind === 'pick_up_all' || stop.shop_id === deed.words.shop_id
          ? { ...stop, picked_up_at: stop.picked_up_at ?? deed.at }
          : stop,
      );
      return { ...job, stops, status: stops.every(hasGoods) ? 'SHIPPED' : job.status };
    }
    case 'fail':
      return { ...job, status: 'DELIVERY_FAILED' };
    case 'returned':
      return { ...job, status: 'RETURNED_TO_SHOP' };
    case 'give_back':
      return { ...job, status: 'CREATED' };
    case 'confirm':
      return { ...job, status: 'DELIVERED' };
    default:
      return job;
  }
}

/** Duty as it will be. */
export function expectedDuty(onDuty: boolean, kept: readonly Kept[]): boolean {
  const last = waiting(kept).findLast((deed) => deed.about === DUTY);
  return last ? last.words.to === 'on' : onDuty;
}
