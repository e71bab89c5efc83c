import { QueryClient } from '@tanstack/react-query';
import { expect, it, vi } from 'vitest';
import type { OrderMessage } from '../api/channels';
import { stateOf } from '../domain/orders/fixtures';
import type { Observer } from './client';
import type { Entry, Position } from './entry';
import { Feed } from './feed';

const CHANNEL = 'order:o';
type Data = { statuses: string[] };

/** A feed over a client that subscribes when the test says so. */
function make(isByServer: boolean) {
  let observer: Observer<typeof CHANNEL> | undefined;
  let getState: (() => Promise<Position>) | undefined;
  const cache = new QueryClient();
  const client = {
    observe: (_: string, given: typeof observer, state: typeof getState) => {
      observer = given;
      getState = state;
      return () => undefined;
    },
    isByServer: () => isByServer,
    state: { line: 'live' as const, since: 0, wasLive: true },
  };
  let offset = 4;
  const load = vi.fn(async () => ({ statuses: [`as of ${offset}`], live: [{ channel: CHANNEL, offset, epoch: 'e' }] }));
  const reduce = (data: Data | undefined, { order }: OrderMessage) => ({
    statuses: [...(data?.statuses ?? []), order.status],
  });
  const key = ['order'];
  const feed = new Feed<typeof CHANNEL, Data>(
    client as never,
    cache,
    CHANNEL,
    key,
    { queryKey: key, queryFn: load },
    reduce,
  );
  const at = (n: number): { offset: number; message: OrderMessage } => ({
    offset: n,
    message: { type: 'order_shipped', at: '', by: { role: 'crew' }, order: stateOf({ status: 'SHIPPED' }) },
  });
  return {
    feed,
    load,
    receive: (n: number) => observer?.received(at(n)),
    subscribed: (n: number, recovered: boolean) =>
      observer?.subscribed({ position: { offset: n, epoch: 'e' }, recovered, snapshot: null }),
    getState: () => getState?.(),
    entry: () => cache.getQueryData<Entry<Data>>(key),
    moveTo: (n: number) => {
      offset = n;
    },
  };
}

it('a subscription goes on from the snapshot that was loaded before the connection', async () => {
  const { feed, load, getState, subscribed, receive, entry } = make(false);
  feed.hold();
  expect(await getState()).toEqual({ offset: 4, epoch: 'e' });
  expect(load).toHaveBeenCalledTimes(1);
  subscribed(4, true);
  receive(5);
  expect(feed.now().status).toBe('live');
  expect(entry()).toMatchObject({ data: { statuses: ['as of 4', 'SHIPPED'] }, at: { offset: 5, epoch: 'e' } });
});

it('a position that the log no longer has leads to another snapshot', async () => {
  const { feed, load, getState, moveTo } = make(false);
  feed.hold();
  await getState();
  moveTo(9);
  expect(await getState()).toEqual({ offset: 9, epoch: 'e' });
  expect(load).toHaveBeenCalledTimes(2);
});

it("the server's own subscription that is ahead of the snapshot loads it again", async () => {
  const { feed, load, subscribed, entry, moveTo } = make(true);
  feed.hold();
  await vi.waitFor(() => expect(feed.now().status).toBe('live'));
  moveTo(6);
  subscribed(6, false);
  await vi.waitFor(() => expect(entry()?.at?.offset).toBe(6));
  expect(load).toHaveBeenCalledTimes(2);
});
