import fc from 'fast-check';
import { expect, it } from 'vitest';
import { advance, catchUp, type Entry, type Heard, positionIn } from './entry';

// A channel whose event n appends n: the data shows every loss, repeat and disorder.
const reduce = (data: number[], event: number) => [...data, event];
const snapshot = (n: number): Entry<number[]> => ({
  data: Array.from({ length: n }, (_, i) => i + 1),
  at: { offset: n, epoch: 'e' },
});
const heard = (n: number): Heard<number> => ({ offset: n, event: n });

it('a snapshot and the events after it make the later snapshot, under any cut, repeat or delay', () => {
  fc.assert(
    fc.property(fc.nat(30), fc.nat(30), fc.array(fc.nat(30)), fc.nat(30), (from, more, repeats, cut) => {
      const to = from + more;
      // Everything after the cut is heard, the older ones may be repeated, all before the snapshot arrives.
      const since = Math.min(cut, from);
      const events = Array.from({ length: to - since }, (_, i) => heard(since + 1 + i));
      const mixed = [...repeats.filter((n) => n >= 1 && n <= to).map(heard), ...events];
      expect(catchUp(snapshot(from), mixed, reduce)).toEqual(snapshot(to));
    }),
  );
});

it('an event that the data has already changes nothing', () => {
  const entry = snapshot(3);
  expect(advance(entry, heard(3), reduce)).toBe(entry);
  expect(advance(entry, heard(4), reduce)).toEqual(snapshot(4));
});

it('a fleeting channel takes every event', () => {
  const entry: Entry<number[]> = { data: [1], at: null };
  expect(advance(entry, { offset: 0, event: 1 }, reduce).data).toEqual([1, 1]);
});

it('finds the place of a channel', () => {
  const live = [{ channel: 'order:1', offset: 7, epoch: 'x' }];
  expect(positionIn(live, 'order:1')).toEqual({ offset: 7, epoch: 'x' });
  expect(positionIn(live, 'order:2')).toBeNull();
  expect(positionIn(undefined, 'order:1')).toBeNull();
});
