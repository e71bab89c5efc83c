import fc from 'fast-check';
import { expect, it } from 'vitest';
import { columns, found, reduceBoard, troubleOf, WAITING_MS } from './board';
import type { Board, Card, OpsEvent } from './types';

const at = (s: number) => new Date(Date.UTC(2026, 10, 21) + s * 1000).toISOString();
const states = ['CREATED', 'PROCESSING', 'SHIPPED', 'DELIVERED'] as const;
const told = (id: string, step: number): OpsEvent => ({
  type: 'order_changed',
  at: at(step),
  order: {
    id,
    code: `K-${id}`,
    status: states[step] ?? 'CREATED',
    placed_at: at(0),
    crew: step > 0 ? { id: 'c', first_name: 'Amal' } : null,
    prep: [],
  },
});
const nobody: ReadonlySet<string> = new Set();
const empty: Board = { cards: {} };

it('every order stands in the column of the last thing told of it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 3 }))), (steps) => {
      const board = steps.reduce((before, [order, step]) => reduceBoard(before, told(`o${order}`, step)), empty);
      const last = new Map(steps.map(([order, step]) => [`o${order}`, states[step]]));
      expect(new Map(Object.values(board.cards).map((card) => [card.id, card.status]))).toEqual(last);
      const sorted = columns(board, '');
      expect(sorted.CREATED.length + sorted.PROCESSING.length + sorted.SHIPPED.length + sorted.over.length).toBe(
        last.size,
      );
    }),
  );
});

it('only the latest finished orders stay', () => {
  const board = Array.from({ length: 80 }, (_, i) => told(`o${i}`, 3)).reduce(reduceBoard, empty);
  expect(Object.keys(board.cards)).toHaveLength(30);
});

it('says what needs somebody', () => {
  const card = reduceBoard(empty, told('o1', 0)).cards.o1 as Card;
  const placed = Date.parse(card.placed_at);
  expect(troubleOf(card, placed + 1000, nobody)).toBeNull();
  expect(troubleOf(card, placed + WAITING_MS + 1, nobody)).toBe('waiting');
  expect(troubleOf({ ...card, fulfilment: 'pickup' }, placed + WAITING_MS + 1, nobody)).toBeNull();
  expect(troubleOf({ ...card, status: 'DELIVERY_FAILED' }, placed, nobody)).toBe('failed');
  expect(troubleOf({ ...card, locked: true }, placed, nobody)).toBe('locked');
  // Silence is trouble once the crew holds goods.
  const carried = reduceBoard(empty, told('o1', 1)).cards.o1 as Card;
  const prep = [{ shop_id: 's', prep_status: 'READY' as const, picked_up_at: at(1) }];
  expect(troubleOf(carried, placed, new Set(['c']))).toBeNull();
  expect(troubleOf({ ...carried, prep }, placed, new Set(['c']))).toBe('silent');
  expect(troubleOf({ ...carried, status: 'SHIPPED' }, placed, new Set(['c']))).toBe('silent');
  expect(troubleOf({ ...carried, status: 'SHIPPED' }, placed, nobody)).toBeNull();
});

it('finds a card by code or crew', () => {
  const card = reduceBoard(empty, told('o1', 1)).cards.o1 as Card;
  expect(found(card, 'k-o1')).toBe(true);
  expect(found(card, 'ama')).toBe(true);
  expect(found(card, 'zz')).toBe(false);
});
