//! Orders for tests: everything that a test does not speak of has a plain value.
import type { OrderSnapshot } from '../../api/channels';
import type { Order, ShopOrder } from './types';

const AT = '2026-11-21T10:00:00Z';

export const partOf = (shop_id: string, more: Partial<ShopOrder> = {}): ShopOrder => ({
  id: `part-${shop_id}`,
  shop_id,
  name: shop_id,
  address: '',
  lat: 0,
  lng: 0,
  prep_status: 'NEW',
  prep_minutes: 15,
  accept_by: '2026-11-21T10:05:00Z',
  ready_at: null,
  picked_up_at: null,
  reason: null,
  lines: [],
  subtotal: '1.00',
  ...more,
});

export const orderOf = (more: Partial<Order> = {}): Order => ({
  id: 'o',
  code: 'K7Q-204',
  status: 'CREATED',
  status_label: 'Created',
  fulfilment: 'delivery',
  payment_mode: 'COD',
  payment_status: 'UNPAID',
  shop_orders: [],
  subtotal: '1.00',
  delivery_fee: '0.00',
  tip: '0.00',
  tax: '0.00',
  discount: '0.00',
  total: '1.00',
  currency: 'USD',
  dropoff: null,
  customer: { name: 'Dina' },
  crew: null,
  note: null,
  placed_at: AT,
  delivered_at: null,
  completable_at: null,
  created_at: AT,
  ...more,
});

export const stateOf = (more: Partial<OrderSnapshot> = {}): OrderSnapshot => ({
  id: 'o',
  code: 'K7Q-204',
  status: 'CREATED',
  fulfilment: 'delivery',
  payment_mode: 'COD',
  prep: [],
  crew: null,
  placed_at: AT,
  delivered_at: null,
  completable_at: null,
  ...more,
});

export const prepOf = (
  shop_id: string,
  prep_status: ShopOrder['prep_status'],
  picked_up_at: string | null = null,
): OrderSnapshot['prep'][number] => ({
  shop_id,
  prep_status,
  accept_by: '2026-11-21T10:05:00Z',
  ready_at: null,
  picked_up_at,
});
