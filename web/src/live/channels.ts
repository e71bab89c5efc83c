//! Which messages and which snapshot a channel carries, by its namespace.
import type { Channels } from '../api/channels';

/** A channel's full name, such as `order:0198…`. */
export type Channel = { [N in keyof Channels]: `${N}:${string}` }[keyof Channels];
type NamespaceOf<C extends Channel> = C extends `${infer N extends keyof Channels}:${string}` ? N : never;

export type MessageOf<C extends Channel> = Channels[NamespaceOf<C>]['message'];
export type SnapshotOf<C extends Channel> = Channels[NamespaceOf<C>]['snapshot'];

/** Channels whose snapshot is a message like those that follow it. */
export type SelfContained = {
  [N in keyof Channels]: Channels[N]['snapshot'] extends Channels[N]['message'] ? `${N}:${string}` : never;
}[keyof Channels];

/** Last branch of a switch over all types of a message: a type that a newer server sends changes nothing here. */
export const ignore = <T>(data: T, _message: never): T => data;
