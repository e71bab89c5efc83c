import fc from 'fast-check';
import { expect, it } from 'vitest';
import { add, type Deed, next, type Queue, refuse, waiting, without } from './queue';

const deed = (id: string, more: Partial<Deed> = {}): Deed => ({
  id,
  at: '2026-11-28T00:00:00Z',
  method: 'POST',
  path: `/${id}`,
  body: {},
  about: id,
  kind: 'advance',
  words: {},
  ...more,
});
const reason = { status: 409, code: 'invalid_transition', detail: '', members: {} };

/** A server that knows its keys, and refuses every third deed. */
class Server {
  readonly done: string[] = [];
  take(id: string): 'done' | 'refused' {
    if (Number(id) % 3 === 2) return 'refused';
    if (!this.done.includes(id)) this.done.push(id);
    return 'done';
  }
}

it('whatever the line loses, every deed is done once, in order, and a refused one stops nothing', () => {
  const fate = fc.constantFrom('asked and answered', 'asked, answer lost', 'never asked', 'reload', 'another deed');
  fc.assert(
    fc.property(fc.array(fate, { maxLength: 80 }), (fates) => {
      const server = new Server();
      let stored = '[]';
      let count = 0;
      const change = (to: (queue: Queue) => Queue) => {
        stored = JSON.stringify(to(JSON.parse(stored)));
      };
      const step = (one: string) => {
        const head = next(JSON.parse(stored));
        if (one === 'another deed') change((queue) => add(queue, deed(String(count++))));
        if (!head || one === 'never asked' || one === 'reload' || one === 'another deed') return;
        const answer = server.take(head.id);
        if (one === 'asked, answer lost') return;
        change((queue) => (answer === 'done' ? without(queue, head.id) : refuse(queue, head.id, reason)));
      };
      fates.forEach(step);
      while (next(JSON.parse(stored))) step('asked and answered');
      const all = Array.from({ length: count }, (_, i) => String(i));
      expect(server.done).toEqual(all.filter((id) => Number(id) % 3 !== 2));
      const left: Queue = JSON.parse(stored);
      expect(left.map((one) => one.id)).toEqual(all.filter((id) => Number(id) % 3 === 2));
      expect(waiting(left)).toEqual([]);
    }),
  );
});

it('of what replaces only the last is left, and nothing else goes', () => {
  const duty = (id: string) => deed(id, { about: 'duty', kind: 'duty', replaces: true });
  let queue: Queue = [];
  for (const one of [duty('on'), deed('a'), duty('off'), deed('b'), deed('c', { about: 'a' })]) queue = add(queue, one);
  expect(queue.map((one) => one.id)).toEqual(['a', 'off', 'b', 'c']);
});
