import { beforeEach, expect, it, vi } from 'vitest';

type Handler = (ctx: object) => void;
const sdk = vi.hoisted(() => ({ handlers: new Map<string, (ctx: object) => void>(), opened: [] as string[] }));

vi.mock('centrifuge', () => ({
  UnauthorizedError: class extends Error {},
  Centrifuge: class {
    on(event: string, handler: Handler) {
      sdk.handlers.set(event, handler);
    }
    newSubscription(channel: string) {
      sdk.opened.push(channel);
      return { on: () => undefined, subscribe: () => undefined };
    }
    getSubscription(channel: string) {
      return sdk.opened.includes(channel) ? {} : null;
    }
  },
}));

const { LiveClient } = await import('./client');
const observer = () => ({ received: vi.fn(), subscribed: vi.fn() });
const emit = (event: string, ctx: object) => sdk.handlers.get(event)?.(ctx);

/** What the SDK reports for a connect reply whose `subs` are these channels. */
async function connect(...subs: string[]) {
  emit('connected', { data: { now: '2026-11-28T10:00:00Z', build: '1' } });
  for (const channel of subs) {
    emit('subscribed', { channel, recovered: false, streamPosition: { offset: 7, epoch: 'e' } });
  }
  await Promise.resolve();
}

beforeEach(() => {
  sdk.opened.length = 0;
});

it('subscribes to what the connect reply does not name, and to nothing before it', async () => {
  const client = new LiveClient('http://localhost');
  const [own, order] = [observer(), observer()];
  client.observe('crew:1', own);
  client.observe('order:1', order);
  expect(sdk.opened).toEqual([]);
  await connect('crew:1', 'user:1');
  expect(sdk.opened).toEqual(['order:1']);
  expect(own.subscribed).toHaveBeenCalledWith({
    position: { offset: 7, epoch: 'e' },
    recovered: false,
    snapshot: null,
  });
  expect(client.isByServer('crew:1')).toBe(true);
  expect(client.isByServer('order:1')).toBe(false);
});

it('a channel observed later is subscribed at once, unless the server did it', async () => {
  const client = new LiveClient('http://localhost');
  await connect('user:1');
  const [own, order] = [observer(), observer()];
  client.observe('user:1', own);
  client.observe('order:2', order);
  expect(sdk.opened).toEqual(['order:2']);
  emit('publication', { channel: 'user:1', offset: 8, data: { type: 'session_revoked', session_id: 's' } });
  expect(own.received).toHaveBeenCalledWith({ offset: 8, message: { type: 'session_revoked', session_id: 's' } });
  expect(order.received).not.toHaveBeenCalled();
});
