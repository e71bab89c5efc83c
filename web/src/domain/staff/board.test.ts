import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StaffMessage } from '../../api/channels';
import { prepOf, stateOf } from '../orders/fixtures';
import { columns, found, reduceBoard, troubleOf, WAITING_MS } from './board';
import type { Board, Card } from './types';

const at = (s: number) => new Date(Date.UTC(2026, 10, 21) + s * 1000).toISOString();
const states = ['CREATED', 'PROCESSING', 'SHIPPED', 'DELIVERED'] as const;
const types = ['order_created', 'order_claimed', 'order_shipped', 'order_completed'] as const;
const message = (id: string, step: 0 | 1 | 2 | 3): StaffMessage => ({
  type: types[step],
  at: at(step),
  by: { role: 'system' },
  order_id: id,
  order: stateOf({
    id,
    code: `K-${id}`,
    status: states[step],
    placed_at: at(0),
    crew: step > 0 ? { id: 'c', first_name: 'Amal' } : null,
  }),
});
const cardAt = (step: 0 | 1 | 2 | 3): Card => {
  const card = reduceBoard(empty, message('o1', step)).cards.o1;
  if (!card) throw new Error('the board has no card');
  return card;
};
const nobody: ReadonlySet<string> = new Set();
const empty: Board = { cards: {} };

it('every order is in the column of its last message', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom<0 | 1 | 2 | 3>(0, 1, 2, 3))),
      (steps) => {
        const board = steps.reduce((before, [order, step]) => reduceBoard(before, message(`o${order}`, step)), empty);
        const last = new Map(steps.map(([order, step]) => [`o${order}`, states[step]]));
        expect(new Map(Object.values(board.cards).map((card) => [card.id, card.status]))).toEqual(last);
        const sorted = columns(board, '');
        expect(sorted.CREATED.length + sorted.PROCESSING.length + sorted.SHIPPED.length + sorted.over.length).toBe(
          last.size,
        );
      },
    ),
  );
});

it('only the latest finished orders stay', () => {
  const board = Array.from({ length: 80 }, (_, i) => message(`o${i}`, 3)).reduce(reduceBoard, empty);
  expect(Object.keys(board.cards)).toHaveLength(30);
});

it('names what needs attention', () => {
  const card = cardAt(0);
  const placed = Date.parse(card.placed_at);
  expect(troubleOf(card, placed + 1000, nobody)).toBeNull();
  expect(troubleOf(card, placed + WAITING_MS + 1, nobody)).toBe('waiting');
  expect(troubleOf({ ...card, fulfilment: 'pickup' }, placed + WAITING_MS + 1, nobody)).toBeNull();
  expect(troubleOf({ ...card, status: 'DELIVERY_FAILED' }, placed, nobody)).toBe('failed');
  expect(troubleOf({ ...card, locked: true }, placed, nobody)).toBe('locked');
  // Silence is trouble once the crew holds goods.
  const carried = cardAt(1);
  const prep = [prepOf('s', 'READY', at(1))];
  expect(troubleOf(carried, placed, new Set(['c']))).toBeNull();
  expect(troubleOf({ ...carried, prep }, placed, new Set(['c']))).toBe('silent');
  expect(troubleOf({ ...carried, status: 'SHIPPED' }, placed, new Set(['c']))).toBe('silent');
  expect(troubleOf({ ...carried, status: 'SHIPPED' }, placed, nobody)).toBeNull();
});

it('finds a card by code or crew', () => {
  const card = cardAt(1);
  expect(found(card, 'k-o1')).toBe(true);
  expect(found(card, 'ama')).toBe(true);
  expect(found(card, 'zz')).toBe(false);
});
