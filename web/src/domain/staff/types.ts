import type { OrderSnapshot } from '../../api/channels';
import type { Schema } from '../../api/schemas';

/** An order on the board. */
export type Card = Pick<OrderSnapshot, 'id' | 'code' | 'status' | 'fulfilment' | 'placed_at' | 'crew'> & {
  /** The shops' names come from REST alone. */
  prep: (OrderSnapshot['prep'][number] & { name?: string | undefined })[];
  locked: boolean;
  /** When it last changed, as far as the board knows. */
  changed_at: string | null;
};
export type Board = { cards: Record<string, Card> };

export type CrewDot = Schema<'CrewDot'>;
/** A part of the city from afar: who is there, what waits. */
export type CityCell = Schema<'CityCell'>;
export type CrewsMap = Schema<'CrewsMap'>;
