//! Jobs for tests: everything that a test does not speak of has a plain value.
import type { CrewState, Job, Stop } from './types';

export const stopOf = (shop_id: string, more: Partial<Stop> = {}): Stop => ({
  shop_id,
  name: shop_id,
  address: '',
  lat: 1,
  lng: 1,
  prep_status: 'READY',
  ready_at: null,
  picked_up_at: null,
  ...more,
});

export const jobOf = (more: Partial<Job> = {}): Job => ({
  order_id: 'o',
  code: 'K7Q-204',
  status: 'PROCESSING',
  payment_mode: 'COD',
  stops: [],
  dropoff: null,
  customer: null,
  note: null,
  fee: '2.00',
  cash_to_collect: null,
  currency: 'USD',
  proof_required: true,
  ...more,
});

export const crewOf = (more: Partial<CrewState> = {}): CrewState => ({
  on_duty: true,
  duty_no: 1,
  active: [],
  active_limit: 5,
  cash_in_hand: '0.00',
  earnings: '0.00',
  currency: 'USD',
  position: null,
  ...more,
});
