//! Names for what the channels carry: `messages.d.ts` is generated from the server's AsyncAPI document by `make schema`.
import type { components } from './messages';

/** Per namespace of channels its messages, told apart by `type`, and the snapshot that a subscription begins with. */
export type Channels = components['schemas']['Channels'];

export type OrderMessage = Channels['order']['message'];
export type OrderSnapshot = Channels['order']['snapshot'];
export type CrewMessage = Channels['crew']['message'];
export type UserMessage = Channels['user']['message'];
export type TrackMessage = Channels['track']['message'];
export type NearbyMessage = Channels['nearby']['message'];
export type MapMessage = Channels['map']['message'];
export type StaffMessage = Channels['staff']['message'];
