//! What the server publishes: per namespace of channels the messages, told apart by `type`, and the snapshot that a subscription begins with.
import type { Schema } from './schemas';

type CrewName = Schema<'CrewName'>;
type Job = Schema<'Job'>;
type Order = Schema<'Order'>;

/** Who did it; only sellers and crews are named by id. */
type By = { role: Schema<'Role'> | 'system'; id?: string };

type Prep = {
  shop_id: string;
  prep_status: Schema<'PrepStatus'>;
  accept_by: string;
  ready_at: string | null;
  picked_up_at: string | null;
};

/** `order:{id}`: no money, no address, nothing that one of its readers may not know. */
export type OrderSnapshot = {
  id: string;
  code: string;
  status: Schema<'OrderStatus'>;
  fulfilment: Schema<'Fulfilment'>;
  payment_mode: Schema<'PaymentMode'>;
  prep: Prep[];
  crew: CrewName | null;
  placed_at: string;
  delivered_at: string | null;
  completable_at: string | null;
};

/** Every message carries the order as it is afterwards. */
type OfOrder<Type extends string> = { type: Type; at: string; by: By; order: OrderSnapshot };

export type OrderMessage =
  | OfOrder<'order_created'>
  | (OfOrder<'order_accepted'> & { shop_id: string })
  | (OfOrder<'order_ready'> & { shop_id: string })
  | (OfOrder<'order_rejected'> & { shop_id: string; reason: string })
  | OfOrder<'order_claimed'>
  | OfOrder<'order_released'>
  | OfOrder<'order_reassigned'>
  | (OfOrder<'order_picked_up'> & { shop_id: string | null })
  | OfOrder<'order_shipped'>
  | (OfOrder<'order_delivered'> & { proof: string })
  | (OfOrder<'order_delivery_failed'> & { reason: string })
  | (OfOrder<'order_returned'> & { reason: string })
  | (OfOrder<'order_cancelled'> & { reason: string })
  | OfOrder<'order_completed'>
  | OfOrder<'proof_locked'>
  | OfOrder<'proof_unlocked'>;

/** A shop's part of an order as its board shows it. */
type ShopPart = Schema<'ShopOrder'> &
  Pick<OrderSnapshot, 'code' | 'status' | 'fulfilment' | 'payment_mode' | 'crew' | 'placed_at'> & {
    order_id: string;
    currency: string;
    customer_name: string;
    note: string | null;
  };
type BriefPart = Omit<ShopPart, 'lines' | 'status' | 'fulfilment' | 'payment_mode' | 'crew' | 'placed_at' | 'note'>;

/** `shop:{id}`: what happens to the orders of a shop, with its own part. */
export type ShopMessage =
  | (Extract<OrderMessage, { type: 'order_created' }> & { shop_order: ShopPart })
  | (Exclude<OrderMessage, { type: 'order_created' }> & { shop_order: BriefPart });
export type ShopSnapshot = { open: ShopPart[] };

type OfJob<Type extends string> = { type: Type; at: string; order_id: string; job: Job };
type JobGone<Type extends string> = { type: Type; at: string; order_id: string; reason: string };

/** `crew:{id}`: a crew's own duty and jobs. */
export type CrewMessage =
  | OfJob<'job_assigned'>
  | OfJob<'job_picked_up'>
  | OfJob<'job_shipped'>
  | OfJob<'job_delivered'>
  | OfJob<'job_failed'>
  | OfJob<'job_returned'>
  | OfJob<'job_changed'>
  | JobGone<'job_released'>
  | JobGone<'job_cancelled'>
  | { type: 'job_problem'; at: string; order_id: string; problem: Schema<'ProblemKind'>; note: string | null }
  | {
      type: 'duty_changed';
      at: string;
      name: string;
      vehicle: string;
      on_duty: boolean;
      duty_no: number;
      radius_m: number | null;
    };
export type CrewSnapshot = Pick<Schema<'CrewState'>, 'on_duty' | 'duty_no' | 'active' | 'active_limit'>;

/** A notification's kind is the type of its message. */
type Notified<Type extends string> = { type: Type; at: string; notification: Schema<'Notification'> };

/** `user:{id}`: everything private to one person. A new order comes with the order itself, and to its sellers as a notification. */
export type UserMessage =
  | { type: 'order_created'; at: string; order: Order }
  | Notified<'order_created'>
  | Notified<'order_claimed'>
  | Notified<'order_released'>
  | Notified<'order_reassigned'>
  | Notified<'order_shipped'>
  | Notified<'order_delivered'>
  | Notified<'order_delivery_failed'>
  | Notified<'order_cancelled'>
  | Notified<'order_completed'>
  | Notified<'seller_payment'>
  | Notified<'crew_payment'>
  | { type: 'notifications_read'; at: string; id: string | null; unread_count: number }
  | { type: 'cart_changed'; at: string; version: number; items: number }
  | ({ type: 'wallet_changed' } & Schema<'WalletView'>)
  | { type: 'session_revoked'; session_id: string };
export type UserSnapshot = {
  unread_count: number;
  wallet: Schema<'WalletView'>;
  cart_version: number;
  role: Schema<'Role'>;
};

/** `track:{order}`: where the crew is, as far as this reader may know it. The snapshot is the latest message. */
export type TrackMessage =
  | {
      type: 'position';
      lat: number;
      lng: number;
      at: string;
      eta_s: number;
      eta_high_s: number;
      remaining_m: number;
      heading_deg?: number | null;
      speed_mps?: number;
      /** Only the area is known: within `radius_m` of the place. */
      coarse?: boolean;
      radius_m?: number;
      /** The crew brings something to another door before this one. */
      other_stop_first?: boolean;
    }
  | { type: 'state'; status: Schema<'OrderStatus'> };
export type TrackSnapshot = TrackMessage;

type NearbyOrder = {
  order_id: string;
  code: string;
  /** Of the first stop. */
  lat: number;
  lng: number;
  distance_m: number;
  stops: { shop_id: string; name: string; lat: number; lng: number }[];
  fee: string;
  currency: string;
  dropoff_distance_m: number;
};

/** `nearby:{crew}`: how the list of claimable orders changes, or with `full` the whole of it. */
export type NearbyMessage = {
  type: 'nearby';
  seq: number;
  added: NearbyOrder[];
  removed: string[];
  /** Why each removed order left: `claimed`, `cancelled`, `out_of_range`, `shop_closed`. */
  why: Record<string, string>;
  full?: boolean;
  no_position?: boolean;
};
export type NearbySnapshot = NearbyMessage;

/** `map:{cell}`: crews that moved or changed, or with `full` all crews of the cell. */
export type MapMessage = { type: 'positions'; crews: Schema<'CrewDot'>[]; full?: boolean };
export type MapSnapshot = MapMessage;

/** What of a message is short and may be read by all staff. */
type Short<Message> = Message extends unknown
  ? Pick<
      Message,
      Extract<
        keyof Message,
        'type' | 'at' | 'by' | 'order' | 'order_id' | 'shop_id' | 'reason' | 'on_duty' | 'duty_no' | 'problem' | 'note'
      >
    >
  : never;

/** `staff:ops`: short forms of what happens to orders and crews; `reload` when more happened than the room keeps. */
export type StaffOpsMessage =
  | (Short<OrderMessage> & { order_id: string })
  | (Short<CrewMessage> & { crew_id: string })
  | { type: 'reload'; full: boolean };
export type StaffOpsSnapshot = Extract<StaffOpsMessage, { type: 'reload' }>;
