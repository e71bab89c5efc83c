import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { OrderMessage, TrackMessage } from '../../api/channels';
import { catchUp, type Entry } from '../../live/entry';
import { orderOf, partOf, prepOf, stateOf } from './fixtures';
import { reduceOrder, reduceTrack } from './reduce';
import type { Order } from './types';

const order = orderOf({ shop_orders: [partOf('s1'), partOf('s2')], total: '12.00' });
const base = { at: '2026-11-21T10:01:00Z', by: { role: 'system' as const } };
const prep = [prepOf('s1', 'ACCEPTED'), prepOf('s2', 'NEW')];
const amal = { id: 'c', first_name: 'Amal' };
const sami = { id: 'd', first_name: 'Sami' };

const messages: OrderMessage[] = [
  { ...base, type: 'order_accepted', shop_id: 's1', order: stateOf({ prep }) },
  { ...base, type: 'order_claimed', order: stateOf({ prep, status: 'PROCESSING', crew: amal }) },
  { ...base, type: 'order_released', order: stateOf({ prep }) },
  { ...base, type: 'order_claimed', order: stateOf({ prep, status: 'PROCESSING', crew: sami }) },
  { ...base, type: 'order_shipped', order: stateOf({ prep, status: 'SHIPPED', crew: sami }) },
  {
    ...base,
    type: 'order_delivered',
    proof: 'pin',
    order: stateOf({ prep, status: 'DELIVERED', crew: sami, delivered_at: '2026-11-21T10:20:00Z' }),
  },
];

const after = (n: number): Entry<Order> => ({
  data: messages.slice(0, n).reduce(reduceOrder, order),
  at: { offset: n, epoch: 'e' },
});

it('snapshot n and messages n+1..m make snapshot m, under any cut, repeat or delay', () => {
  fc.assert(
    fc.property(
      fc.nat(messages.length),
      fc.nat(messages.length),
      fc.array(fc.nat(messages.length - 1)),
      (n, cut, repeats) => {
        const received = [...repeats.filter((i) => i >= n), ...messages.keys()]
          .filter((i) => i >= Math.min(cut, n))
          .flatMap((i) => messages.slice(i, i + 1).map((message) => ({ offset: i + 1, message })));
        expect(catchUp(after(n), received, reduceOrder)).toEqual(after(messages.length));
      },
    ),
  );
});

it('a message changes what it carries and nothing else', () => {
  const next = messages.slice(0, 1).reduce(reduceOrder, order);
  expect(next.shop_orders.map((part) => part.prep_status)).toEqual(['ACCEPTED', 'NEW']);
  expect(next.total).toBe('12.00');
});

it('a late fix never moves the dot back, and nothing shows after delivery', () => {
  const at = (s: number, lat: number): TrackMessage => ({
    type: 'position',
    lat,
    lng: 1,
    at: new Date(s * 1000).toISOString(),
    eta_s: 60,
    eta_high_s: 120,
    remaining_m: 900,
  });
  const track = reduceTrack(reduceTrack(undefined, at(10, 1)), at(5, 2));
  expect(track.position?.lat).toBe(1);
  expect(reduceTrack(track, { type: 'state', status: 'DELIVERED' }).position).toBeNull();
});

it('a type that a newer server sends changes nothing', () => {
  const track = { position: null };
  expect(reduceTrack(track, JSON.parse('{"type":"unheard_of"}'))).toBe(track);
});
