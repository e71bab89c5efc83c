import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reduceCrew, reduceNearby, STAYS_MS, stillThere } from './reduce';
import type { CrewState, Job, Nearby, NearbyEvent } from './types';

const near = (order_id: string, distance_m: number) => ({ order_id, lat: 1, lng: 1, distance_m });

it('rows rebuilt from any frames are those of the server', () => {
  const op = fc.oneof(
    fc.record({ add: fc.integer({ min: 0, max: 12 }), at: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ remove: fc.integer({ min: 0, max: 12 }) }),
  );
  fc.assert(
    fc.property(fc.array(op), fc.array(fc.boolean()), (ops, fulls) => {
      const truth = new Map<string, number>();
      let seen: Nearby = reduceNearby(undefined, { full: true, added: [] }, 0);
      ops.forEach((one, i) => {
        let event: NearbyEvent;
        if ('add' in one) {
          truth.set(`o${one.add}`, one.at);
          event = { added: [near(`o${one.add}`, one.at)], removed: [] };
        } else {
          truth.delete(`o${one.remove}`);
          event = { added: [], removed: [`o${one.remove}`], why: { [`o${one.remove}`]: 'claimed' } };
        }
        if (fulls[i]) event = { full: true, added: [...truth].map(([id, d]) => near(id, d)) };
        seen = reduceNearby(seen, event, i);
      });
      const rows = stillThere(seen, 0).filter((one) => !one.gone);
      expect(new Map(rows.map((one) => [one.order_id, one.distance_m]))).toEqual(truth);
    }),
  );
});

it('a row that leaves says why, and goes after four seconds', () => {
  const start = reduceNearby(undefined, { full: true, added: [near('a', 450), near('b', 610)] }, 0);
  const taken = reduceNearby(start, { removed: ['a'], why: { a: 'claimed' } }, 1000);
  expect(stillThere(taken, 2000).map((one) => [one.order_id, one.gone?.why ?? null])).toEqual([
    ['a', 'claimed'],
    ['b', null],
  ]);
  expect(stillThere(taken, 1000 + STAYS_MS).map((one) => one.order_id)).toEqual(['b']);
});

const job = (order_id: string, status: Job['status']): Job => ({
  order_id,
  status,
  stops: [],
  dropoff: null,
  fee: '2.00',
  cash_to_collect: null,
  currency: 'USD',
});

it('a job comes once, moves on, and leaves when it is over', () => {
  let crew: CrewState = { on_duty: true, active: [], active_limit: 5 };
  crew = reduceCrew(crew, { type: 'job_assigned', job: job('a', 'PROCESSING') });
  crew = reduceCrew(crew, { type: 'job_assigned', job: job('a', 'PROCESSING') });
  crew = reduceCrew(crew, { type: 'job_assigned', job: job('b', 'PROCESSING') });
  crew = reduceCrew(crew, { type: 'job_shipped', job: job('a', 'SHIPPED') });
  expect(crew.active.map((one) => [one.order_id, one.status])).toEqual([
    ['a', 'SHIPPED'],
    ['b', 'PROCESSING'],
  ]);
  crew = reduceCrew(crew, { type: 'job_cancelled', order_id: 'b' });
  crew = reduceCrew(crew, { type: 'job_done', job: job('a', 'DELIVERED') });
  expect(crew.active).toEqual([]);
});
