//! The staff board out of the staff room's short forms. Pure.
import type { Order, ShortOrder } from '../orders';
import { isOver } from '../orders';
import type { Board, Card, OpsEvent } from './types';

/** How many finished orders stay in sight. */
const OVER_KEPT = 30;
/** Unclaimed for so long needs somebody. */
export const WAITING_MS = 4 * 60_000;

export function cardOf(order: Order): Card {
  return {
    id: order.id,
    code: order.code,
    status: order.status,
    fulfilment: order.fulfilment,
    placed_at: order.placed_at,
    crew: order.crew,
    prep: order.shop_orders.map(({ shop_id, name, prep_status, accept_by, ready_at, picked_up_at }) => ({
      shop_id,
      name,
      prep_status,
      accept_by: accept_by ?? null,
      ready_at: ready_at ?? null,
      picked_up_at: picked_up_at ?? null,
    })),
    locked: false,
    changed_at: order.delivered_at ?? null,
  };
}

export function boardOf(orders: readonly Order[]): Board {
  return { cards: Object.fromEntries(orders.map((order) => [order.id, cardOf(order)])) };
}

/** The board after one short form; events that are not of an order change nothing. */
export function reduceBoard(board: Board, event: OpsEvent): Board {
  const short = shortOf(event);
  if (!short) return board;
  const before = board.cards[short.id];
  const names = new Map(before?.prep.map((one) => [one.shop_id, one.name]));
  const locked =
    event.type === 'proof_locked'
      ? true
      : event.type === 'proof_unlocked' || isOver(short.status)
        ? false
        : (before?.locked ?? false);
  const card: Card = {
    id: short.id,
    code: short.code ?? event.code ?? before?.code ?? short.id.slice(-6),
    status: short.status,
    fulfilment: short.fulfilment ?? before?.fulfilment ?? 'delivery',
    placed_at: short.placed_at ?? before?.placed_at ?? event.at ?? new Date(0).toISOString(),
    crew: short.crew === undefined ? (before?.crew ?? null) : short.crew,
    prep: short.prep
      ? short.prep.map((one) => {
          const name = names.get(one.shop_id);
          return name === undefined ? one : { ...one, name };
        })
      : (before?.prep ?? []),
    locked,
    changed_at: event.at ?? before?.changed_at ?? null,
  };
  return trim({ ...board, cards: { ...board.cards, [card.id]: card } }, card);
}

function shortOf(event: OpsEvent): ShortOrder | null {
  if (event.order?.id) return event.order;
  if (event.order_id && event.status) {
    const short: ShortOrder = { id: event.order_id, status: event.status };
    if (event.crew !== undefined) short.crew = event.crew;
    return short;
  }
  return null;
}

// Only a card that just ended can make the finished ones too many.
function trim(board: Board, changed: Card): Board {
  if (!isOver(changed.status)) return board;
  const over = Object.values(board.cards).filter((card) => isOver(card.status));
  if (over.length <= OVER_KEPT) return board;
  over.sort((a, b) => (b.changed_at ?? b.placed_at).localeCompare(a.changed_at ?? a.placed_at));
  const cards = { ...board.cards };
  for (const card of over.slice(OVER_KEPT)) delete cards[card.id];
  return { ...board, cards };
}

export type Trouble = 'failed' | 'locked' | 'silent' | 'waiting' | 'overdue';

/** Why a card needs somebody now, the gravest first. `silent` are crews that were not heard of for too long. */
export function troubleOf(card: Card, now: number, silent: ReadonlySet<string>): Trouble | null {
  if (card.status === 'DELIVERY_FAILED') return 'failed';
  if (card.locked) return 'locked';
  if (card.crew && silent.has(card.crew.id) && hasGoods(card)) return 'silent';
  if (waitsForCrew(card) && now - Date.parse(card.placed_at) > WAITING_MS) return 'waiting';
  const under = card.status === 'CREATED' || card.status === 'PROCESSING';
  if (under && card.prep.some((one) => one.prep_status === 'NEW' && one.accept_by && Date.parse(one.accept_by) < now))
    return 'overdue';
  return null;
}

/** Whether a crew may claim it: who comes to the shop needs none. */
export const waitsForCrew = (card: Card) => card.status === 'CREATED' && card.fulfilment === 'delivery';

/** What stands where the crew's name would. */
export const carrierKey = (order: Pick<Card, 'fulfilment'>) =>
  order.fulfilment === 'pickup' ? 'orders.way.pickup' : 'staff.no_crew';

const hasGoods = (card: Card) =>
  card.status === 'SHIPPED' || (card.status === 'PROCESSING' && card.prep.some((one) => one.picked_up_at != null));

/** Whether a card holds what was searched for. */
export function found(card: Card, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return true;
  const words = [card.code, card.crew?.first_name ?? '', ...card.prep.map((one) => one.name ?? '')];
  return words.some((word) => word.toLowerCase().includes(wanted));
}

/** The board's columns; what is over stands in the last. */
export const COLUMNS = ['CREATED', 'PROCESSING', 'SHIPPED', 'over'] as const;
export type Column = (typeof COLUMNS)[number];

/** Columns of the board, oldest first, so that a new card comes below and moves nothing. */
export function columns(board: Board, search: string, only: ReadonlyMap<string, unknown> | null = null) {
  const cards = Object.values(board.cards).filter(
    (card) => found(card, search) && (only === null || only.has(card.id)),
  );
  cards.sort((a, b) => a.placed_at.localeCompare(b.placed_at) || (a.id < b.id ? -1 : 1));
  const of = (...states: Card['status'][]) => cards.filter((card) => states.includes(card.status));
  const over = cards.filter((card) => isOver(card.status));
  over.sort((a, b) => (b.changed_at ?? b.placed_at).localeCompare(a.changed_at ?? a.placed_at));
  return {
    CREATED: of('CREATED'),
    PROCESSING: of('PROCESSING'),
    SHIPPED: of('SHIPPED', 'DELIVERY_FAILED'),
    over,
    open: cards.filter((card) => !isOver(card.status)),
    all: cards,
  };
}
