import { expect, it } from 'vitest';
import { openingOf } from './hours';

const week = (opens: string, closes: string, days = [1, 2, 3, 4, 5, 6, 7]) => ({
  time_zone: 'Africa/Cairo',
  days: days.map((day) => ({ day, opens, closes })),
  closures: [] as { from: string; to: string }[],
});
// A Saturday; Cairo is two hours ahead.
const at = (clock: string) => Date.parse(`2026-11-28T${clock}:00Z`);

it('says until when, and from when', () => {
  expect(openingOf(week('09:00', '21:00'), at('10:00'))).toEqual({ kind: 'open_until', time: '21:00' });
  expect(openingOf(week('09:00', '21:00'), at('06:00'))).toEqual({ kind: 'opens_at', time: '09:00', day: null });
  expect(openingOf(week('09:00', '21:00'), at('19:00'))).toEqual({ kind: 'opens_at', time: '09:00', day: 7 });
  expect(openingOf(week('09:00', '21:00', [2]), at('10:00'))).toEqual({ kind: 'opens_at', time: '09:00', day: 2 });
});

it('knows that midnight closes nobody who opens then', () => {
  expect(openingOf(week('00:00', '24:00'), at('22:30'))).toEqual({ kind: 'always' });
  expect(openingOf(week('18:00', '02:00'), at('23:00'))).toEqual({ kind: 'open_until', time: '02:00' });
  const sunday = { ...week('18:00', '02:00', [7]), time_zone: 'UTC' };
  expect(openingOf(sunday, Date.parse('2026-11-30T01:00:00Z'))).toEqual({ kind: 'open_until', time: '02:00' });
});

it('is closed while a closure lasts, and where there are no hours', () => {
  const shut = { ...week('00:00', '24:00'), closures: [{ from: '2026-11-28T08:00:00Z', to: '2026-11-28T09:00:00Z' }] };
  expect(openingOf(shut, at('08:30'))).toEqual({ kind: 'closed' });
  expect(openingOf(shut, at('09:00'))).toEqual({ kind: 'always' });
  expect(openingOf(week('09:00', '21:00', []), at('10:00'))).toEqual({ kind: 'closed' });
});
