import { expect, it } from 'vitest';
import { orderOf, partOf } from '../orders/fixtures';
import { inColumn, partsOf } from './parts';

const order = (id: string, placed_at: string, prep_status: 'NEW' | 'READY', picked_up_at: string | null) =>
  orderOf({ id, code: id, placed_at, shop_orders: [partOf('s', { id: `${id}-p`, prep_status, picked_up_at })] });

it('shows what is still at the shop, the oldest first', () => {
  const parts = partsOf([
    order('late', '2026-11-21T10:05:00Z', 'NEW', null),
    order('early', '2026-11-21T10:00:00Z', 'NEW', null),
    order('gone', '2026-11-21T09:00:00Z', 'READY', '2026-11-21T09:10:00Z'),
  ]);
  expect(inColumn(parts, 'NEW').map((part) => part.code)).toEqual(['early', 'late']);
  expect(inColumn(parts, 'READY')).toEqual([]);
});
