import { expect, it } from 'vitest';
import { clockTime, minutesSeconds, money } from './format';

it('money loses no digit and keeps the currency’s precision', () => {
  expect(money('12.50', 'USD', 'en-u-nu-latn')).toBe('USD 12.50');
  expect(money('1500', 'JPY', 'en-u-nu-latn')).toBe('JPY 1,500');
  expect(money('9007199254740993.25', 'USD', 'en-u-nu-latn')).toBe('USD 9,007,199,254,740,993.25');
  expect(money('3.125', 'KWD', 'ar-u-nu-latn')).toContain('3.125');
});

it('durations read as a clock', () => {
  expect(minutesSeconds(72_400)).toBe('1:12');
  expect(minutesSeconds(-5)).toBe('0:00');
  expect(minutesSeconds(3_600_000)).toBe('1:00:00');
});

it('a time of another day says the day', () => {
  const now = new Date('2026-11-21T12:00:00');
  expect(clockTime(new Date('2026-11-21T09:05:00'), now, 'fr')).toBe('09:05');
  expect(clockTime(new Date('2026-11-20T09:05:00'), now, 'fr')).toContain('20');
});
