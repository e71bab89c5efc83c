import { expect, it } from 'vitest';
import { orderOf, partOf } from './fixtures';
import { isProofDue, mayCancel, readyAt, stageOf } from './pickup';
import type { Order, PrepStatus } from './types';

const part = (prep_status: PrepStatus, ready_at: string | null = null, picked_up_at: string | null = null) =>
  partOf('s', { id: `${prep_status}${ready_at}`, prep_status, ready_at, picked_up_at });
const pickup = (...shop_orders: Order['shop_orders']): Order =>
  orderOf({ fulfilment: 'pickup', payment_mode: 'COP', shop_orders });

it('is as far as the slowest of its shops, and what was rejected does not hold it up', () => {
  expect(stageOf(pickup(part('NEW'), part('READY')))).toBe('NEW');
  expect(stageOf(pickup(part('ACCEPTED'), part('READY')))).toBe('ACCEPTED');
  expect(stageOf(pickup(part('REJECTED'), part('READY')))).toBe('READY');
  expect(stageOf({ ...pickup(part('READY')), status: 'DELIVERED' })).toBe('PICKED_UP');
});

it('is ready when the last shop is, and nobody knows before each has said', () => {
  const early = '2026-11-21T10:10:00Z';
  const late = '2026-11-21T10:20:00Z';
  expect(readyAt(pickup(part('ACCEPTED', late), part('ACCEPTED', early)))).toBe(Date.parse(late));
  expect(readyAt(pickup(part('ACCEPTED', late), part('NEW')))).toBeNull();
});

it('shows the PIN once every counter is ready, and may be cancelled until something was picked up', () => {
  const pickedUp = part('READY', null, '2026-11-21T10:30:00Z');
  expect(isProofDue(pickup(part('READY'), part('ACCEPTED')))).toBe(false);
  expect(isProofDue(pickup(part('READY'), pickedUp))).toBe(true);
  expect(mayCancel(pickup(part('READY'), part('ACCEPTED')))).toBe(true);
  expect(mayCancel(pickup(part('READY'), pickedUp))).toBe(false);
});
