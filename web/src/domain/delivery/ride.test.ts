import { expect, it } from 'vitest';
import { metres, towards } from './ride';

const a = { lat: 28.5, lng: 26.5 };
const b = { lat: 28.509, lng: 26.5 };

it('knows distances to the metre', () => {
  expect(metres(a, b)).toBeCloseTo(1000.8, 0);
});

it('rides the given distance and arrives', () => {
  const half = towards(a, b, 500);
  expect(metres(a, half)).toBeCloseTo(500, 0);
  expect(half.heading).toBeCloseTo(0);
  expect(half.arrived).toBe(false);
  expect(towards(a, b, 2000)).toMatchObject({ lat: b.lat, lng: b.lng, arrived: true });
});
