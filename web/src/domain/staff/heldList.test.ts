import fc from 'fast-check';
import { expect, it } from 'vitest';
import { holdList } from './heldList';

const item = (id: string) => ({ id });
const known = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`o${i}`, item(`o${i}`)]));
const ids = fc.uniqueArray(fc.integer({ min: 0, max: 19 }).map((n) => `o${n}`));

it('while a list is held no row moves, and what is new is counted', () => {
  fc.assert(
    fc.property(ids, ids, (held, present) => {
      const seen = holdList(present.map(item), held, known);
      expect(seen.rows.map((row) => row.item.id)).toEqual(held);
      expect(seen.rows.filter((row) => row.gone).map((row) => row.item.id)).toEqual(
        held.filter((id) => !present.includes(id)),
      );
      expect(seen.fresh).toBe(present.filter((id) => !held.includes(id)).length);
    }),
  );
});

it('a released list is the present one', () => {
  const seen = holdList([item('o2'), item('o1')], null, known);
  expect(seen).toEqual({
    rows: [
      { item: item('o2'), gone: false },
      { item: item('o1'), gone: false },
    ],
    fresh: 0,
  });
});
