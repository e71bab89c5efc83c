import { expect, it } from 'vitest';
import { Positions, SILENT_MS } from './positions';

const dot = (s: number, lat: number, status = 'free') => ({
  id: 'a',
  name: 'Amal',
  active: 0,
  lat,
  lng: 26,
  at: new Date(s * 1000).toISOString(),
  status,
});

it('a dot glides over the time that passed, and never back for a late fix', () => {
  let now = 100_000;
  const positions = new Positions(() => now);
  positions.take([dot(100, 1)], null);
  positions.take([dot(102, 2)], null);
  now += 1000;
  expect(positions.frame().shown[0]?.lat).toBeCloseTo(1.5);
  expect(positions.frame().moving).toBe(true);
  positions.take([dot(99, 9, 'busy')], null);
  now += 1000;
  expect(positions.frame().shown[0]).toMatchObject({ lat: 2, status: 'busy' });
  expect(positions.frame().moving).toBe(false);
});

it('a crew that is silent for long, off duty or missing from a full frame is not drawn', () => {
  let now = 100_000;
  const positions = new Positions(() => now);
  positions.take([dot(100, 1)], null);
  now += SILENT_MS + 1;
  expect(positions.frame().shown).toEqual([]);
  positions.take([dot(401, 1)], null);
  expect(positions.frame().shown).toHaveLength(1);
  positions.take([dot(402, 1, 'off_duty')], null);
  expect(positions.frame().shown).toEqual([]);
  positions.take([dot(403, 1)], null);
  positions.take([], new Set(['a']));
  expect(positions.all()).toEqual([]);
});
