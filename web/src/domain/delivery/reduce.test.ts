import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NearbyMessage } from '../../api/channels';
import { crewOf, jobOf } from './fixtures';
import { reduceCrew, reduceNearby, STAYS_MS, shownRows } from './reduce';
import type { CrewState, Job, Nearby } from './types';

const near = (order_id: string, distance_m: number): NearbyMessage['added'][number] => ({
  order_id,
  code: order_id,
  lat: 1,
  lng: 1,
  distance_m,
  stops: [],
  fee: '2.00',
  payment_mode: 'COD',
  currency: 'USD',
  dropoff_distance_m: 0,
});
const message = (more: Partial<NearbyMessage>): NearbyMessage => ({
  type: 'nearby',
  seq: 0,
  added: [],
  removed: [],
  why: {},
  ...more,
});

it('rows rebuilt from any messages are those of the server', () => {
  const op = fc.oneof(
    fc.record({ add: fc.integer({ min: 0, max: 12 }), at: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ remove: fc.integer({ min: 0, max: 12 }) }),
  );
  fc.assert(
    fc.property(fc.array(op), fc.array(fc.boolean()), (ops, fulls) => {
      const truth = new Map<string, number>();
      let seen: Nearby = reduceNearby(undefined, message({ full: true }), 0);
      ops.forEach((one, i) => {
        let next: NearbyMessage;
        if ('add' in one) {
          truth.set(`o${one.add}`, one.at);
          next = message({ added: [near(`o${one.add}`, one.at)] });
        } else {
          truth.delete(`o${one.remove}`);
          next = message({ removed: [`o${one.remove}`], why: { [`o${one.remove}`]: 'claimed' } });
        }
        if (fulls[i]) next = message({ full: true, added: [...truth].map(([id, d]) => near(id, d)) });
        seen = reduceNearby(seen, next, i);
      });
      const rows = shownRows(seen, 0).filter((one) => !one.gone);
      expect(new Map(rows.map((one) => [one.order_id, one.distance_m]))).toEqual(truth);
    }),
  );
});

it('a row that leaves shows why, and goes after four seconds', () => {
  const start = reduceNearby(undefined, message({ full: true, added: [near('a', 450), near('b', 610)] }), 0);
  const taken = reduceNearby(start, message({ removed: ['a'], why: { a: 'claimed' } }), 1000);
  expect(shownRows(taken, 2000).map((one) => [one.order_id, one.gone?.why ?? null])).toEqual([
    ['a', 'claimed'],
    ['b', null],
  ]);
  expect(shownRows(taken, 1000 + STAYS_MS).map((one) => one.order_id)).toEqual(['b']);
});

it('a job comes once, moves on, and leaves when it is over', () => {
  const job = (order_id: string, status: Job['status']) => ({ at: '', order_id, job: jobOf({ order_id, status }) });
  let crew: CrewState = crewOf();
  crew = reduceCrew(crew, { type: 'job_assigned', ...job('a', 'PROCESSING') });
  crew = reduceCrew(crew, { type: 'job_assigned', ...job('a', 'PROCESSING') });
  crew = reduceCrew(crew, { type: 'job_assigned', ...job('b', 'PROCESSING') });
  crew = reduceCrew(crew, { type: 'job_shipped', ...job('a', 'SHIPPED') });
  expect(crew.active.map((one) => [one.order_id, one.status])).toEqual([
    ['a', 'SHIPPED'],
    ['b', 'PROCESSING'],
  ]);
  crew = reduceCrew(crew, { type: 'job_cancelled', at: '', order_id: 'b', reason: '' });
  crew = reduceCrew(crew, { type: 'job_delivered', ...job('a', 'DELIVERED') });
  expect(crew.active).toEqual([]);
});
