//! What the server's own document says must fit what the pages were written for: a change there is a type error here.
import type { Cart, Wallet } from '../domain/carts';
import type { CrewState, Job } from '../domain/delivery';
import type { HistoryItem, Order, Proof } from '../domain/orders';
import type { Product, Shop } from '../domain/shops';
import type { CrewDot, TrailPoint } from '../domain/staff';
import type { components } from './schema';

type Schemas = components['schemas'];

/**
 * What is sent, out of the document: nullable members are always there; sets of names (states, kinds) are compared by
 * the server's own tests and left out here.
 */
type Sent<T> = T extends string
  ? string extends T
    ? string
    : never
  : T extends readonly (infer I)[]
    ? Sent<I>[]
    : T extends object
      ? { [K in keyof T]-?: Sent<Exclude<T[K], undefined>> }
      : T;

/** An error here names the member that does not fit. */
type Fits<Ours, Theirs extends Ours> = Theirs;

export type Contract = {
  cart: Fits<Cart, Sent<Schemas['Cart']>>;
  crew: Fits<CrewState, Sent<Schemas['CrewState']>>;
  dot: Fits<Omit<CrewDot, 'status'>, Omit<Sent<Schemas['CrewDot']>, 'status'>>;
  history: Fits<HistoryItem, Sent<Schemas['HistoryItem']>>;
  job: Fits<Job, Sent<Schemas['Job']>>;
  order: Fits<Order, Sent<Schemas['Order']>>;
  product: Fits<Product, Sent<Schemas['Product']>>;
  proof: Fits<Proof, Sent<Schemas['Proof']>>;
  shop: Fits<Shop, Sent<Schemas['Shop']>>;
  trail: Fits<TrailPoint, Sent<Schemas['TrailPoint']>>;
  wallet: Fits<Wallet, Sent<Schemas['WalletAnswer']>>;
};
