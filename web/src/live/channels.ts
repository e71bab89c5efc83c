//! Which messages and which snapshot a channel carries, by its namespace.
import type {
  CrewMessage,
  CrewSnapshot,
  MapMessage,
  MapSnapshot,
  NearbyMessage,
  NearbySnapshot,
  OrderMessage,
  OrderSnapshot,
  ShopMessage,
  ShopSnapshot,
  StaffOpsMessage,
  StaffOpsSnapshot,
  TrackMessage,
  TrackSnapshot,
  UserMessage,
  UserSnapshot,
} from '../api/messages';

type Namespaces = {
  order: { message: OrderMessage; snapshot: OrderSnapshot };
  shop: { message: ShopMessage; snapshot: ShopSnapshot };
  crew: { message: CrewMessage; snapshot: CrewSnapshot };
  user: { message: UserMessage; snapshot: UserSnapshot };
  track: { message: TrackMessage; snapshot: TrackSnapshot };
  nearby: { message: NearbyMessage; snapshot: NearbySnapshot };
  map: { message: MapMessage; snapshot: MapSnapshot };
  staff: { message: StaffOpsMessage; snapshot: StaffOpsSnapshot };
};

/** A channel's full name, such as `order:0198…`. */
export type Channel = { [N in keyof Namespaces]: `${N}:${string}` }[keyof Namespaces];
type NamespaceOf<C extends Channel> = C extends `${infer N extends keyof Namespaces}:${string}` ? N : never;

export type MessageOf<C extends Channel> = Namespaces[NamespaceOf<C>]['message'];
export type SnapshotOf<C extends Channel> = Namespaces[NamespaceOf<C>]['snapshot'];

/** Channels whose snapshot is a message like those that follow it. */
export type SelfContained = {
  [N in keyof Namespaces]: Namespaces[N]['snapshot'] extends Namespaces[N]['message'] ? `${N}:${string}` : never;
}[keyof Namespaces];

/** Last branch of a switch over all types of a message: a type that a newer server sends changes nothing here. */
export const ignore = <T>(data: T, _message: never): T => data;
