import fc from 'fast-check';
import { expect, it } from 'vitest';
import { catchUp, type Entry } from '../../live/entry';
import { reduceOrder, reduceTrack } from './reduce';
import type { Order, OrderEvent } from './types';

const order: Order = {
  id: 'o',
  code: 'K7Q-204',
  status: 'CREATED',
  fulfilment: 'delivery',
  payment_mode: 'COD',
  shop_orders: [
    { id: 'a', shop_id: 's1', name: 'A', address: '', lat: 1, lng: 1, prep_status: 'NEW', lines: [], subtotal: '4.00' },
    { id: 'b', shop_id: 's2', name: 'B', address: '', lat: 1, lng: 1, prep_status: 'NEW', lines: [], subtotal: '6.00' },
  ],
  delivery_fee: '2.00',
  tip: '0.00',
  total: '12.00',
  currency: 'USD',
  crew: null,
  placed_at: '2026-11-21T10:00:00Z',
  delivered_at: null,
};

const event = (type: string, more: Partial<OrderEvent['order']>): OrderEvent => ({
  type,
  at: '2026-11-21T10:01:00Z',
  order: { id: 'o', status: 'CREATED', crew: null, ...more },
});

const story: OrderEvent[] = [
  event('order_accepted', { prep: [{ shop_id: 's1', prep_status: 'ACCEPTED' }] }),
  event('order_claimed', {
    status: 'PROCESSING',
    crew: { id: 'c', first_name: 'Amal' },
    prep: [{ shop_id: 's1', prep_status: 'ACCEPTED' }],
  }),
  event('order_released', { status: 'CREATED', crew: null }),
  event('order_claimed', { status: 'PROCESSING', crew: { id: 'd', first_name: 'Sami' } }),
  event('order_shipped', { status: 'SHIPPED', crew: { id: 'd', first_name: 'Sami' } }),
  event('order_delivered', {
    status: 'DELIVERED',
    crew: { id: 'd', first_name: 'Sami' },
    delivered_at: '2026-11-21T10:20:00Z',
  }),
];

const after = (n: number): Entry<Order> => ({
  data: story.slice(0, n).reduce(reduceOrder, order),
  at: { offset: n, epoch: 'e' },
});

it('snapshot n and events n+1..m make snapshot m, under any cut, repeat or delay', () => {
  fc.assert(
    fc.property(fc.nat(story.length), fc.nat(story.length), fc.array(fc.nat(story.length - 1)), (n, cut, repeats) => {
      const heard = [...repeats.filter((i) => i >= n), ...story.keys()]
        .filter((i) => i >= Math.min(cut, n))
        .map((i) => ({ offset: i + 1, event: story[i] as OrderEvent }));
      expect(catchUp(after(n), heard, reduceOrder)).toEqual(after(story.length));
    }),
  );
});

it('an event changes what it speaks of and nothing else', () => {
  const next = reduceOrder(order, story[0] as OrderEvent);
  expect(next.shop_orders.map((part) => part.prep_status)).toEqual(['ACCEPTED', 'NEW']);
  expect(next.total).toBe('12.00');
});

it('a late fix never moves the dot back, and nothing shows after the door', () => {
  const at = (s: number, lat: number) => ({
    type: 'position' as const,
    lat,
    lng: 1,
    at: new Date(s * 1000).toISOString(),
  });
  const track = reduceTrack(reduceTrack(undefined, at(10, 1)), at(5, 2));
  expect(track.position?.lat).toBe(1);
  expect(reduceTrack(track, { type: 'state', status: 'DELIVERED' }).position).toBeNull();
});
