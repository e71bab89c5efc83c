//! Whether a shop is open at a moment, by the shop's own wall clock. Pure.
import type { Schema } from '../../api/schemas';

type Hours = Schema<'OpeningHours'>;
/** `time` is the wall clock's "18:30"; `day` (Monday is 1) only where it is not today's. */
export type Opening =
  | { kind: 'always' }
  | { kind: 'open_until'; time: string }
  | { kind: 'opens_at'; time: string; day: number | null }
  | { kind: 'closed' };

const DAY = 24 * 60;
const WEEK = 7 * DAY;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export function openingOf(hours: Hours, now: number): Opening {
  if (hours.closures.some((shut) => Date.parse(shut.from) <= now && now < Date.parse(shut.to))) {
    return { kind: 'closed' };
  }
  const spans = hours.days.map(({ day, opens, closes }) => {
    const [from, to] = [minutesOf(opens), minutesOf(closes)];
    return { from: (day - 1) * DAY + from, long: to > from ? to - from : to - from + DAY };
  });
  const at = minuteOfWeek(hours.time_zone, now);
  const until = (from: number) => (from - at + WEEK) % WEEK;
  let left = 0;
  // A span may begin where another ends, usually at midnight.
  for (let next = spans.find((span) => at < span.from + span.long && at >= span.from) ?? wrapped(); next; ) {
    left = until(next.from + next.long) || WEEK;
    if (left >= DAY) return { kind: 'always' };
    const end = (next.from + next.long) % WEEK;
    next = spans.find((span) => span.from === end);
  }
  if (left > 0) return { kind: 'open_until', time: clock(at + left) };
  const first = spans.map((span) => until(span.from)).sort((a, b) => a - b)[0];
  if (first === undefined) return { kind: 'closed' };
  const day = Math.floor(((at + first) % WEEK) / DAY);
  return { kind: 'opens_at', time: clock(at + first), day: day === Math.floor(at / DAY) ? null : day + 1 };

  // Sunday night's span reaches into Monday.
  function wrapped() {
    return spans.find((span) => at + WEEK < span.from + span.long);
  }
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

function clock(minute: number): string {
  const of = minute % DAY;
  return `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
}

function minuteOfWeek(timeZone: string, now: number): number {
  const form = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(form.formatToParts(now).map(({ type, value }) => [type, value]));
  return WEEKDAYS.indexOf(parts.weekday ?? '') * DAY + Number(parts.hour) * 60 + Number(parts.minute);
}
