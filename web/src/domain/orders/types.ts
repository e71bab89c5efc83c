import type { LivePosition } from '../../live';
import type { OrderState } from '../../ui/tokens';

export type PrepStatus = 'NEW' | 'ACCEPTED' | 'READY' | 'REJECTED';
export type Fulfilment = 'delivery' | 'pickup';
export type Line = { id: string; product_id: string; name: string; quantity: number; price: string };
export type ShopOrder = {
  id: string;
  shop_id: string;
  name: string;
  address: string;
  lat: number;
  lng: number;
  prep_status: PrepStatus;
  lines: Line[];
  subtotal: string;
  accept_by?: string | null;
  ready_at?: string | null;
  picked_up_at?: string | null;
};
export type CrewName = { id: string; first_name: string };
export type Place = { lat: number; lng: number; address?: string | null };
export type Order = {
  id: string;
  code: string;
  status: OrderState;
  fulfilment: Fulfilment;
  payment_mode: 'COD' | 'COP' | 'WALLET' | 'GATEWAY';
  payment_status?: string;
  shop_orders: ShopOrder[];
  delivery_fee?: string | null;
  tip?: string | null;
  customer?: { name: string; phone_number?: string | null };
  note?: string | null;
  total: string;
  currency: string;
  dropoff?: Place | null;
  crew: CrewName | null;
  placed_at: string;
  delivered_at: string | null;
  completable_at?: string | null;
  live?: LivePosition[];
};

/** An order as its channel tells it: no money, no address, nothing that one of its readers may not know. */
export type ShortOrder = Pick<Order, 'id' | 'status'> & {
  code?: string;
  fulfilment?: Fulfilment;
  prep?: {
    shop_id: string;
    prep_status: PrepStatus;
    accept_by?: string | null;
    ready_at?: string | null;
    picked_up_at?: string | null;
  }[];
  crew?: CrewName | null;
  placed_at?: string;
  delivered_at?: string | null;
  completable_at?: string | null;
};
export type OrderEvent = { type: string; at: string; by?: unknown; order: ShortOrder };

/** Where the crew is, as far as this reader may know it. */
export type TrackEvent =
  | {
      type: 'position';
      lat: number;
      lng: number;
      at: string;
      heading_deg?: number | null;
      speed_mps?: number | null;
      eta_s?: number | null;
      eta_high_s?: number | null;
      remaining_m?: number | null;
      coarse?: boolean;
      /** The crew brings something to another door before this one. */
      other_stop_first?: boolean;
      radius_m?: number | null;
    }
  | { type: 'state'; status: OrderState };
export type Track = { position: Extract<TrackEvent, { type: 'position' }> | null };

export const isOver = (state: OrderState) =>
  state === 'DELIVERED' || state === 'COMPLETED' || state === 'CANCELLED' || state === 'RETURNED_TO_SHOP';
