import fc from 'fast-check';
import { expect, it } from 'vitest';
import { advance, catchUp, type Entry, positionIn, type Received } from './entry';

// A channel whose message n appends n: the data shows every loss, repeat and disorder.
const reduce = (data: number[], message: number) => [...data, message];
const snapshot = (n: number): Entry<number[]> => ({
  data: Array.from({ length: n }, (_, i) => i + 1),
  at: { offset: n, epoch: 'e' },
});
const received = (n: number): Received<number> => ({ offset: n, message: n });

it('a snapshot and the messages after it make the later snapshot, under any cut, repeat or delay', () => {
  fc.assert(
    fc.property(fc.nat(30), fc.nat(30), fc.array(fc.nat(30)), fc.nat(30), (from, more, repeats, cut) => {
      const to = from + more;
      // Everything after the cut is received, the older ones may be repeated, all before the snapshot arrives.
      const since = Math.min(cut, from);
      const messages = Array.from({ length: to - since }, (_, i) => received(since + 1 + i));
      const mixed = [...repeats.filter((n) => n >= 1 && n <= to).map(received), ...messages];
      expect(catchUp(snapshot(from), mixed, reduce)).toEqual(snapshot(to));
    }),
  );
});

it('a message that the data has already changes nothing', () => {
  const entry = snapshot(3);
  expect(advance(entry, received(3), reduce)).toBe(entry);
  expect(advance(entry, received(4), reduce)).toEqual(snapshot(4));
});

it('an ephemeral channel takes every message', () => {
  const entry: Entry<number[]> = { data: [1], at: null };
  expect(advance(entry, { offset: 0, message: 1 }, reduce).data).toEqual([1, 1]);
});

it('finds the position of a channel', () => {
  const live = [{ channel: 'order:1', offset: 7, epoch: 'x' }];
  expect(positionIn(live, 'order:1')).toEqual({ offset: 7, epoch: 'x' });
  expect(positionIn(live, 'order:2')).toBeNull();
  expect(positionIn(undefined, 'order:1')).toBeNull();
});
