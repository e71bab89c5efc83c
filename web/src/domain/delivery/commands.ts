//! What a crew does that can wait for the line, as commands of the outbox, and a job as it will be once they are sent. Pure.
import type { Body } from '../../api/schemas';
import { type Command, type Queue, waiting } from '../../live/queue';
import type { Spot } from './ride';
import type { Job, ProblemKind, Stop } from './types';

type Advance = Body<'/api/delivery/orders/{id}/advance/', 'post'>;
/** The kind says which operation a command calls; `body` is what that takes. */
export type CrewCommand = Command &
  (
    | { kind: 'duty'; body: Body<'/api/delivery/me/', 'patch'> }
    | { kind: 'pick_up' | 'pick_up_all' | 'fail' | 'returned'; body: Advance }
    | { kind: 'give_back'; body: Body<'/api/delivery/orders/{id}/release/', 'post'> }
    | { kind: 'problem'; body: Body<'/api/delivery/orders/{id}/problem/', 'post'> }
    | { kind: 'confirm'; body: Body<'/api/orders/{id}/proof/confirm/', 'post'> }
  );

/** A command's key and time, given when it is made. */
export type Made = Pick<Command, 'id' | 'at'>;
export const DUTY = 'duty';

const about = (made: Made, job: Job, words: Record<string, string> = {}) => ({
  ...made,
  about: job.order_id,
  words: { code: job.code, ...words },
});

export const setDuty = (made: Made, on_duty: boolean): CrewCommand => ({
  ...made,
  about: DUTY,
  kind: DUTY,
  body: { on_duty },
  words: { to: on_duty ? 'on' : 'off' },
  replaces: true,
});
// The state is named, so that a repeat is answered with `invalid_transition` and not with a request for the PIN.
export const pickUp = (made: Made, job: Job, stop: Stop): CrewCommand => ({
  ...about(made, job, { shop: stop.name, shop_id: stop.shop_id }),
  kind: 'pick_up',
  body: { to: 'SHIPPED', shop_id: stop.shop_id },
});
export const pickUpAll = (made: Made, job: Job): CrewCommand => ({
  ...about(made, job),
  kind: 'pick_up_all',
  body: { to: 'SHIPPED' },
});
export const fail = (made: Made, job: Job): CrewCommand => ({
  ...about(made, job),
  kind: 'fail',
  body: { to: 'DELIVERY_FAILED', reason: 'could not deliver' },
});
export const returned = (made: Made, job: Job): CrewCommand => ({
  ...about(made, job),
  kind: 'returned',
  body: { to: 'RETURNED_TO_SHOP', reason: 'returned' },
});
export const giveBack = (made: Made, job: Job): CrewCommand => ({
  ...about(made, job),
  kind: 'give_back',
  body: { reason: 'given back' },
});
export const reportProblem = (made: Made, job: Job, kind: ProblemKind): CrewCommand => ({
  ...about(made, job, { what: kind }),
  kind: 'problem',
  body: { kind },
});
/** The PIN with the time and place at which it was shown: late evidence says so itself. */
export const confirm = (made: Made, job: Job, pin: string, here: Spot | null): CrewCommand => ({
  ...about(made, job),
  kind: 'confirm',
  body: { pin, at: made.at, ...(here && { lat: here.lat, lng: here.lng }) },
});

export const hasGoods = (stop: Stop) => stop.picked_up_at != null || stop.prep_status === 'REJECTED';

/** The job as it will be once the waiting commands are sent: what can be done next follows from this, what is shown does not. */
export function expected(job: Job, queue: Queue<CrewCommand>): Job {
  return waiting(queue)
    .filter((command) => command.about === job.order_id)
    .reduce(after, job);
}

function after(job: Job, command: CrewCommand): Job {
  switch (command.kind) {
    case 'pick_up':
    case 'pick_up_all': {
      const stops = job.stops.map((stop) =>
        command.kind === 'pick_up_all' || stop.shop_id === command.words.shop_id
          ? { ...stop, picked_up_at: stop.picked_up_at ?? command.at }
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
    case 'problem':
    case 'duty':
      return job;
  }
}

/** Duty as it will be. */
export function expectedDuty(onDuty: boolean, queue: Queue<CrewCommand>): boolean {
  const last = waiting(queue).findLast((command) => command.kind === DUTY);
  return last ? last.words.to === 'on' : onDuty;
}
