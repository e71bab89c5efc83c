import { expect, it } from 'vitest';
import type { Order } from '../orders';
import { inColumn, partsOf } from './parts';

const order = (id: string, placed_at: string, prep: 'NEW' | 'READY', picked_up_at: string | null): Order => ({
  id,
  code: id,
  status: 'CREATED',
  fulfilment: 'delivery',
  payment_mode: 'COD',
  shop_orders: [
    {
      id: `${id}-p`,
      shop_id: 's',
      name: 'A',
      address: '',
      lat: 0,
      lng: 0,
      prep_status: prep,
      lines: [],
      subtotal: '1.00',
      picked_up_at,
    },
  ],
  total: '1.00',
  currency: 'USD',
  crew: null,
  placed_at,
  delivered_at: null,
});

it('shows what is still at the shop, the oldest first', () => {
  const parts = partsOf([
    order('late', '2026-11-21T10:05:00Z', 'NEW', null),
    order('early', '2026-11-21T10:00:00Z', 'NEW', null),
    order('gone', '2026-11-21T09:00:00Z', 'READY', '2026-11-21T09:10:00Z'),
  ]);
  expect(inColumn(parts, 'NEW').map((part) => part.code)).toEqual(['early', 'late']);
  expect(inColumn(parts, 'READY')).toEqual([]);
});
