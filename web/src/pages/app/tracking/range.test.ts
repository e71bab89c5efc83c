import { expect, it } from 'vitest';
import type { TrackPosition } from '../../../domain/orders';
import { hintOf, rangeOf } from './range';

const position: TrackPosition = {
  type: 'position',
  lat: 28.5,
  lng: 26.5,
  at: '2026-11-21T10:00:00Z',
  eta_s: 240,
  eta_high_s: 240,
  remaining_m: 900,
};

it('says why a place is not exact', () => {
  expect(hintOf(position)).toBeNull();
  expect(hintOf({ ...position, coarse: true })).toBe('roughly');
  expect(hintOf({ ...position, coarse: true, other_stop_first: true })).toBe('other_stop_first');
});

it('gives a time as a range that is never upside down', () => {
  expect(rangeOf(position)).toBe('4');
  expect(rangeOf({ ...position, eta_s: 20, eta_high_s: 20 })).toBe('\u20660\u20131\u2069');
  expect(rangeOf({ ...position, eta_s: 300, eta_high_s: 200 })).toBe('5');
});
