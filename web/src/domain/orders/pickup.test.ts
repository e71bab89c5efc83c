import { expect, it } from 'vitest';
import { isProofDue, mayCancel, readyAt, stageOf } from './pickup';
import type { Order, PrepStatus } from './types';

const part = (prep_status: PrepStatus, ready_at: string | null = null, picked_up_at: string | null = null) => ({
  id: `${prep_status}${ready_at}`,
  shop_id: 's',
  name: 'A',
  address: '',
  lat: 0,
  lng: 0,
  prep_status,
  lines: [],
  subtotal: '1.00',
  ready_at,
  picked_up_at,
});
const pickup = (...shop_orders: Order['shop_orders']): Order => ({
  id: 'o',
  code: 'K7Q-204',
  status: 'CREATED',
  fulfilment: 'pickup',
  payment_mode: 'COP',
  shop_orders,
  total: '1.00',
  currency: 'USD',
  crew: null,
  placed_at: '2026-11-21T10:00:00Z',
  delivered_at: null,
});

it('is as far as the slowest of its shops, and what was rejected does not hold it up', () => {
  expect(stageOf(pickup(part('NEW'), part('READY')))).toBe('NEW');
  expect(stageOf(pickup(part('ACCEPTED'), part('READY')))).toBe('ACCEPTED');
  expect(stageOf(pickup(part('REJECTED'), part('READY')))).toBe('READY');
  expect(stageOf({ ...pickup(part('READY')), status: 'DELIVERED' })).toBe('FETCHED');
});

it('is ready when the last shop is, and nobody knows before each has said', () => {
  const early = '2026-11-21T10:10:00Z';
  const late = '2026-11-21T10:20:00Z';
  expect(readyAt(pickup(part('ACCEPTED', late), part('ACCEPTED', early)))).toBe(Date.parse(late));
  expect(readyAt(pickup(part('ACCEPTED', late), part('NEW')))).toBeNull();
});

it('shows the PIN once every counter is ready, and may be cancelled until something was fetched', () => {
  const fetched = part('READY', null, '2026-11-21T10:30:00Z');
  expect(isProofDue(pickup(part('READY'), part('ACCEPTED')))).toBe(false);
  expect(isProofDue(pickup(part('READY'), fetched))).toBe(true);
  expect(mayCancel(pickup(part('READY'), part('ACCEPTED')))).toBe(true);
  expect(mayCancel(pickup(part('READY'), fetched))).toBe(false);
});
