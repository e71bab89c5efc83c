import type { LivePosition } from '../../live';
import type { OrderState } from '../../ui/tokens';
import type { Place, PrepStatus, ShortOrder } from '../orders';

export type Stop = {
  shop_id: string;
  name: string;
  lat: number;
  lng: number;
  address?: string | null;
  prep_status: PrepStatus;
  ready_at?: string | null;
  picked_up_at: string | null;
};
export type Job = {
  order_id: string;
  code?: string;
  status: OrderState;
  stops: Stop[];
  dropoff: Place | null;
  customer?: { name: string; phone_number: string | null } | null;
  fee: string;
  cash_to_collect: string | null;
  currency: string;
};
export type CrewState = {
  on_duty: boolean;
  duty_no?: number;
  active: Job[];
  active_limit: number;
  position?: { lat: number; lng: number; at: string } | null;
  live?: LivePosition[];
};
export type CrewEvent = {
  type: string;
  at?: string;
  order_id?: string;
  job?: Job;
  on_duty?: boolean;
  duty_no?: number;
  order?: ShortOrder;
};

export type Why = 'claimed' | 'cancelled' | 'out_of_range' | 'shop_closed' | 'mine';
export type NearbyOrder = {
  order_id: string;
  code?: string;
  lat: number;
  lng: number;
  distance_m: number;
  fee?: string;
  currency?: string;
  dropoff_distance_m?: number | null;
  stops?: { shop_id?: string; name?: string; lat?: number; lng?: number; ready_at?: string | null }[];
};
export type NearbyEvent = {
  type?: string;
  full?: boolean;
  no_position?: boolean;
  added?: NearbyOrder[];
  removed?: string[];
  why?: Record<string, Why>;
};
/** A row that leaves stays for a moment with its reason. */
export type NearbyRow = NearbyOrder & { gone: { why: Why; at: number } | null };
export type Nearby = { rows: NearbyRow[]; noPosition: boolean };
