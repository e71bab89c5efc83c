import type { Schema } from '../../api/schemas';

export type Order = Schema<'Order'>;
export type ShopOrder = Schema<'ShopOrder'>;
export type OrderState = Schema<'OrderStatus'>;
export type PrepStatus = Schema<'PrepStatus'>;
export type Fulfilment = Schema<'Fulfilment'>;
export type CrewName = Schema<'CrewName'>;
export type HistoryItem = Schema<'HistoryItem'>;

export const isOver = (state: OrderState) =>
  state === 'DELIVERED' || state === 'COMPLETED' || state === 'CANCELLED' || state === 'RETURNED_TO_SHOP';
