import { expect, it } from 'vitest';
import { add, type Queue, refuse } from '../../live/queue';
import {
  type CrewCommand,
  confirm,
  expected,
  expectedDuty,
  giveBack,
  pickUp,
  reportProblem,
  setDuty,
} from './commands';
import { jobOf, stopOf } from './fixtures';

let made = 0;
const now = () => ({ id: String(made++), at: '2026-11-28T10:00:00.000Z' });
const queue = (...commands: CrewCommand[]): Queue<CrewCommand> => commands.reduce<Queue<CrewCommand>>(add, []);
const reason = { status: 409, code: 'invalid_transition', detail: '', members: {} };
const job = (...stops: Parameters<typeof stopOf>[]) => jobOf({ stops: stops.map((stop) => stopOf(...stop)) });

it('the last stop that waits to be sent makes the job ready for the door', () => {
  const two = job(['a'], ['b']);
  const first = queue(pickUp(now(), two, stopOf('a')));
  expect(expected(two, first).status).toBe('PROCESSING');
  expect(expected(two, first).stops.map((one) => one.picked_up_at != null)).toEqual([true, false]);
  const both = add(first, pickUp(now(), two, stopOf('b')));
  expect(expected(two, both).status).toBe('SHIPPED');
  const waiting = job(['a', { picked_up_at: 'then' }], ['b', { prep_status: 'REJECTED' }]);
  expect(expected(waiting, queue()).status).toBe('PROCESSING');
});

it('what was refused, and what is about another order, changes nothing', () => {
  const one = job(['a']);
  const refused = queue(giveBack(now(), one));
  expect(expected(one, refuse(refused, refused[0]?.id ?? '', reason))).toEqual(one);
  expect(expected({ ...one, order_id: 'p' }, refused).status).toBe('PROCESSING');
  expect(expected(one, queue(reportProblem(now(), one, 'shop')))).toEqual(one);
});

it('a PIN carries when and where it was shown', () => {
  const shown = confirm({ id: 'k', at: '2026-11-28T10:00:00.000Z' }, job(), '123456', { lat: 28.5, lng: 26.5 });
  expect(shown.body).toEqual({ pin: '123456', at: '2026-11-28T10:00:00.000Z', lat: 28.5, lng: 26.5 });
  expect(expected({ ...job(), status: 'SHIPPED' }, queue(shown)).status).toBe('DELIVERED');
});

it('of duty the last switch counts', () => {
  expect(expectedDuty(true, queue())).toBe(true);
  expect(expectedDuty(true, queue(setDuty(now(), false)))).toBe(false);
  const both = queue(setDuty(now(), false), setDuty(now(), true));
  expect(both).toHaveLength(1);
  expect(expectedDuty(false, both)).toBe(true);
});
