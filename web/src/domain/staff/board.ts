//! The staff board, built from the messages of the staff room. Pure.
import type { OrderSnapshot, StaffMessage } from '../../api/channels';
import { ignore } from '../../live';
import { isOver, type Order } from '../orders';
import type { Board, Card } from './types';

/** How many finished orders stay on the board. */
const OVER_MAX = 30;
/** An order unclaimed for longer needs attention. */
export const WAITING_MS = 4 * 60_000;

export function cardOf(order: Order): Card {
  return {
    id: order.id,
    code: order.code,
    status: order.status,
    fulfilment: order.fulfilment,
    placed_at: order.placed_at,
    crew: order.crew ?? null,
    prep: order.shop_orders.map(({ shop_id, name, prep_status, accept_by, ready_at, picked_up_at }) => ({
      shop_id,
      name,
      prep_status,
      accept_by,
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

/** The board after one message of the staff room; what is not of an order changes nothing. */
export function reduceBoard(board: Board, message: StaffMessage): Board {
  switch (message.type) {
    case 'proof_locked':
      return withState(board, message.order, message.at, true);
    case 'proof_unlocked':
      return withState(board, message.order, message.at, false);
    case 'order_created':
    case 'order_accepted':
    case 'order_ready':
    case 'order_rejected':
    case 'order_claimed':
    case 'order_released':
    case 'order_reassigned':
    case 'order_picked_up':
    case 'order_shipped':
    case 'order_delivered':
    case 'order_delivery_failed':
    case 'order_returned':
    case 'order_cancelled':
    case 'order_completed':
      return withState(board, message.order, message.at, board.cards[message.order.id]?.locked ?? false);
    case 'job_assigned':
    case 'job_picked_up':
    case 'job_shipped':
    case 'job_delivered':
    case 'job_failed':
    case 'job_returned':
    case 'job_changed':
    case 'job_released':
    case 'job_cancelled':
    case 'job_problem':
    case 'duty_changed':
    case 'reload':
      return board;
    default:
      return ignore(board, message);
  }
}

function withState(board: Board, order: OrderSnapshot, at: string, locked: boolean): Board {
  const { id, code, status, fulfilment, placed_at, crew } = order;
  const names = new Map(board.cards[id]?.prep.map((one) => [one.shop_id, one.name]));
  const prep = order.prep.map((one) => ({ ...one, name: names.get(one.shop_id) }));
  const isLocked = locked && !isOver(status);
  const card: Card = { id, code, status, fulfilment, placed_at, crew, prep, locked: isLocked, changed_at: at };
  return trim({ ...board, cards: { ...board.cards, [id]: card } }, card);
}

// Only an order that just ended can make the finished ones too many.
function trim(board: Board, changed: Card): Board {
  if (!isOver(changed.status)) return board;
  const over = Object.values(board.cards).filter((card) => isOver(card.status));
  if (over.length <= OVER_MAX) return board;
  over.sort((a, b) => (b.changed_at ?? b.placed_at).localeCompare(a.changed_at ?? a.placed_at));
  const cards = { ...board.cards };
  for (const card of over.slice(OVER_MAX)) delete cards[card.id];
  return { ...board, cards };
}

export type Trouble = 'failed' | 'locked' | 'silent' | 'waiting' | 'overdue';

/** Why an order needs attention now, the gravest reason first. `silent` are crews that sent no position for too long. */
export function troubleOf(card: Card, now: number, silent: ReadonlySet<string>): Trouble | null {
  if (card.status === 'DELIVERY_FAILED') return 'failed';
  if (card.locked) return 'locked';
  if (card.crew && silent.has(card.crew.id) && hasGoods(card)) return 'silent';
  if (waitsForCrew(card) && now - Date.parse(card.placed_at) > WAITING_MS) return 'waiting';
  const under = card.status === 'CREATED' || card.status === 'PROCESSING';
  if (under && card.prep.some((one) => one.prep_status === 'NEW' && Date.parse(one.accept_by) < now)) return 'overdue';
  return null;
}

/** Whether a crew may claim it: a pickup needs none. */
export const waitsForCrew = (card: Card) => card.status === 'CREATED' && card.fulfilment === 'delivery';

/** The key of the words in place of a crew's name. */
export const carrierKey = (order: Pick<Card, 'fulfilment'>) =>
  order.fulfilment === 'pickup' ? 'orders.way.pickup' : 'staff.no_crew';

const hasGoods = (card: Card) =>
  card.status === 'SHIPPED' || (card.status === 'PROCESSING' && card.prep.some((one) => one.picked_up_at != null));

/** Whether an order matches a search. */
export function found(card: Card, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return true;
  const words = [card.code, card.crew?.first_name ?? '', ...card.prep.map((one) => one.name ?? '')];
  return words.some((word) => word.toLowerCase().includes(wanted));
}

/** The board's columns; finished orders are in the last. */
export const COLUMNS = ['CREATED', 'PROCESSING', 'SHIPPED', 'over'] as const;
export type Column = (typeof COLUMNS)[number];

/** Columns of the board, oldest first: a new order comes below the others and moves none of them. */
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
