import fc from 'fast-check';
import { expect, it } from 'vitest';
import { add, type Command, next, type Queue, refuse, waiting, without } from './queue';

const command = (id: string, more: Partial<Command> = {}): Command => ({
  id,
  at: '2026-11-28T00:00:00Z',
  about: id,
  kind: 'advance',
  words: {},
  ...more,
});
const reason = { status: 409, code: 'invalid_transition', detail: '', members: {} };

/** A server that remembers keys, and refuses every third command. */
class Server {
  readonly done: string[] = [];
  take(id: string): 'done' | 'refused' {
    if (Number(id) % 3 === 2) return 'refused';
    if (!this.done.includes(id)) this.done.push(id);
    return 'done';
  }
}

it('whatever the line loses, every command is carried out once, in order, and a refused one stops nothing', () => {
  const fate = fc.constantFrom('sent and answered', 'sent, answer lost', 'never sent', 'reload', 'another command');
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
        if (one === 'another command') change((queue) => add(queue, command(String(count++))));
        if (!head || one === 'never sent' || one === 'reload' || one === 'another command') return;
        const answer = server.take(head.id);
        if (one === 'sent, answer lost') return;
        change((queue) => (answer === 'done' ? without(queue, head.id) : refuse(queue, head.id, reason)));
      };
      fates.forEach(step);
      while (next(JSON.parse(stored))) step('sent and answered');
      const all = Array.from({ length: count }, (_, i) => String(i));
      expect(server.done).toEqual(all.filter((id) => Number(id) % 3 !== 2));
      const left: Queue = JSON.parse(stored);
      expect(left.map((one) => one.id)).toEqual(all.filter((id) => Number(id) % 3 === 2));
      expect(waiting(left)).toEqual([]);
    }),
  );
});

it('of commands that replace each other only the last is left', () => {
  const duty = (id: string) => command(id, { about: 'duty', kind: 'duty', replaces: true });
  let queue: Queue = [];
  for (const one of [duty('on'), command('a'), duty('off'), command('b'), command('c', { about: 'a' })])
    queue = add(queue, one);
  expect(queue.map((one) => one.id)).toEqual(['a', 'off', 'b', 'c']);
});
