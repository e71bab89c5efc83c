import { expect, it } from 'vitest';
import { heatOf } from './cells';

const cell = { cell: '87', boundary: [], crews: 0, free: 0, waiting: 0, oldest_wait_s: null };

it('heat is what waits per free crew, and never infinite', () => {
  expect(heatOf(cell)).toBe(0);
  expect(heatOf({ ...cell, waiting: 3, free: 6 })).toBe(0.5);
  expect(heatOf({ ...cell, waiting: 3, free: 1 })).toBe(3);
  expect(heatOf({ ...cell, waiting: 3, crews: 2 })).toBe(3);
});
