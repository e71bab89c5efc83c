import { expect, it } from 'vitest';
import { hintOf, rangeOf } from './range';

const position = { type: 'position' as const, lat: 28.5, lng: 26.5, at: '2026-11-21T10:00:00Z' };

it('says why a place is no exact one', () => {
  expect(hintOf(position)).toBeNull();
  expect(hintOf({ ...position, coarse: true })).toBe('roughly');
  expect(hintOf({ ...position, coarse: true, other_stop_first: true })).toBe('other_stop_first');
});

it('gives a time as a range that is never upside down', () => {
  expect(rangeOf(position)).toBeNull();
  expect(rangeOf({ ...position, eta_s: 20, eta_high_s: 20 })).toBe('\u20660\u20131\u2069');
  expect(rangeOf({ ...position, eta_s: 300, eta_high_s: 200 })).toBe('5');
});
