import type { LivePosition } from '../../live';
import type { OrderState } from '../../ui/tokens';
import type { CrewName, Fulfilment, PrepStatus, ShortOrder } from '../orders';

/** An order on the board. */
export type Card = {
  id: string;
  code: string;
  status: OrderState;
  fulfilment: Fulfilment;
  placed_at: string;
  crew: CrewName | null;
  prep: {
    shop_id: string;
    name?: string;
    prep_status: PrepStatus;
    accept_by?: string | null;
    ready_at?: string | null;
    picked_up_at?: string | null;
  }[];
  locked: boolean;
  /** when it last changed, as far as the board heard */
  changed_at: string | null;
};
export type Board = { cards: Record<string, Card>; live?: readonly LivePosition[] };

/** The short form of anything that happened, as the staff room hears it. */
export type OpsEvent = {
  type: string;
  at?: string;
  order_id?: string;
  status?: OrderState;
  order?: ShortOrder;
  crew?: CrewName | null;
  crew_id?: string;
  code?: string;
};

export type CrewStatus = 'free' | 'busy' | 'stale' | 'off_duty';
export type CrewDot = {
  id: string;
  name?: string;
  lat: number;
  lng: number;
  at: string;
  status: CrewStatus;
  active?: number;
};
/** A part of the city from afar: who is there, what waits. */
export type CityCell = {
  cell: string;
  boundary: [lng: number, lat: number][];
  crews: number;
  free: number;
  waiting: number;
  oldest_wait_s: number | null;
};
export type CrewsMap = { crews: CrewDot[]; cells: CityCell[]; live: { channel: string }[] };
export type MapEvent = { type?: string; full?: boolean; crews?: CrewDot[] };

export type TrailPoint = { lat: number; lng: number; at: string; late?: boolean };
