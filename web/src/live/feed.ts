//! One channel in one cache entry: snapshot, messages, resumption. Shared by all readers of the entry.
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { ApiError } from '../api/problem';
import type { Channel, MessageOf } from './channels';
import type { LiveClient, Subscribed } from './client';
import {
  advance,
  catchUp,
  type Entry,
  type LivePosition,
  type Position,
  positionIn,
  type Received,
  type Reduce,
} from './entry';

export type LiveStatus = 'loading' | 'live' | 'catching_up' | 'offline' | 'refused';
export type Snapshot<T> = {
  queryKey: QueryKey;
  queryFn: () => Promise<T & { live?: readonly LivePosition[] | null }>;
  /** The channel is ephemeral: subscribe first, then load, and load again on every return. */
  ring?: boolean;
};
export type FeedState = { status: LiveStatus; refused: ApiError | null };

// Enough to bring a slow snapshot up to date; a durable channel refills from the log beyond that.
const REMEMBERED = 500;
const RETRY_MS = 2_000;

export class Feed<C extends Channel, T> {
  state: FeedState = { status: 'loading', refused: null };
  private readonly listeners = new Set<() => void>();
  private readers = 0;
  private stop: (() => void) | null = null;
  private recent: Received<MessageOf<C>>[] = [];
  /** Whether the entry, or the load under way, is what a subscription goes on from. */
  private resumes = false;
  private loading: Promise<Position | null> | null = null;
  private retry: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly client: Pick<LiveClient, 'observe' | 'isByServer' | 'state'>,
    private readonly cache: QueryClient,
    private readonly channel: C,
    private readonly key: QueryKey,
    private readonly snapshot: Snapshot<T> | null,
    private readonly reduce: Reduce<T | undefined, MessageOf<C>>,
  ) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  now = (): FeedState => this.state;

  /** Adds a reader; the returned function removes it, and with the last one the subscription. */
  hold(): () => void {
    this.readers += 1;
    if (this.readers === 1) this.start();
    return () => {
      this.readers -= 1;
      if (this.readers === 0) this.end();
    };
  }

  private start() {
    this.recent = [];
    this.resumes = true;
    this.become({ status: this.entry() === undefined ? 'loading' : 'catching_up', refused: null });
    const isDurable = this.snapshot !== null && !this.snapshot.ring;
    this.stop = this.client.observe(
      this.channel,
      {
        received: (received) => this.receive(received),
        subscribed: (reply) => this.subscribed(reply),
        away: () => {
          if (this.state.status !== 'refused' && this.state.status !== 'loading') this.become({ status: 'offline' });
        },
        refused: (code, reason) => this.become({ status: 'refused', refused: new ApiError(code, reason, '') }),
      },
      isDurable ? () => this.getState() : undefined,
    );
    // The snapshot of a durable channel need not wait for the connection: the log has what follows it.
    if (isDurable && this.entry() === undefined) void this.load().then(() => this.settleByServer(), ignored);
  }

  private end() {
    this.stop?.();
    this.stop = null;
    if (this.retry !== null) clearTimeout(this.retry);
  }

  // At first the entry says where to go on. The SDK asks again only when the log could not bring it up to date.
  private async getState(): Promise<Position> {
    if (this.resumes) {
      this.resumes = false;
      const known = this.entry()?.at ?? (await this.loading?.catch(ignored));
      if (known) return known;
    }
    const position = await this.load();
    if (position === null) throw new Error(`no position for ${this.channel}`);
    return position;
  }

  private subscribed(reply: Subscribed<C>) {
    this.resumes = false;
    const entry = this.entry();
    if (this.snapshot === null) {
      // A channel without a REST snapshot begins with a message that contains everything: `useLive` takes no other.
      if (reply.snapshot !== null) this.receive({ offset: 0, message: reply.snapshot as MessageOf<C> });
      this.become({ status: 'live' });
      return;
    }
    const isBehind = entry?.at && reply.position && reply.position.offset > entry.at.offset && !reply.recovered;
    const isOtherEpoch = entry?.at && reply.position && entry.at.epoch !== reply.position.epoch;
    // A ring remembers a while, and only what its node saw: every return loads the snapshot.
    const isRing = this.snapshot.ring === true;
    if (entry === undefined || isBehind || isOtherEpoch || isRing) {
      void this.load().then(() => this.settle(), ignored);
    } else this.settle();
  }

  private settle() {
    if (this.entry() !== undefined && this.state.status !== 'refused') this.become({ status: 'live' });
  }

  private settleByServer() {
    if (this.client.state.line === 'live' && this.client.isByServer(this.channel)) this.settle();
  }

  /** Loads the snapshot, brings it up to what was received meanwhile, stores it. */
  load(): Promise<Position | null> {
    this.loading ??= this.fetch().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  private async fetch(): Promise<Position | null> {
    if (this.snapshot === null) return null;
    // Messages received before the request are contained in the answer; without offsets nothing says so of later ones.
    if (this.snapshot.ring) this.recent = [];
    try {
      const data = await this.snapshot.queryFn();
      const at = this.snapshot.ring ? null : positionIn(data.live, this.channel);
      const fresh = catchUp<T | undefined, MessageOf<C>>({ data, at }, this.recent, this.reduce);
      this.cache.setQueryData(this.key, fresh);
      this.settleByServer();
      return at;
    } catch (error) {
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) {
        this.become({ status: 'refused', refused: error });
        this.stop?.();
        this.stop = null;
      } else if (this.snapshot.ring || this.client.isByServer(this.channel)) {
        // For its own subscriptions the SDK asks again.
        this.retry = setTimeout(() => void this.load().then(() => this.settle(), ignored), RETRY_MS);
        return null;
      }
      throw error;
    }
  }

  private receive(received: Received<MessageOf<C>>) {
    if (this.snapshot?.ring && received.message.type === 'reload') {
      this.recent = [];
      void this.load().catch(ignored);
      return;
    }
    if (this.snapshot !== null) {
      this.recent.push(received);
      if (this.recent.length > REMEMBERED) this.recent.shift();
    }
    const entry = this.entry();
    if (entry === undefined) {
      if (this.snapshot === null)
        this.cache.setQueryData(this.key, { data: this.reduce(undefined, received.message), at: null });
      return;
    }
    const next = advance<T | undefined, MessageOf<C>>(entry, received, this.reduce);
    if (next !== entry) this.cache.setQueryData(this.key, next);
  }

  private entry(): Entry<T> | undefined {
    return this.cache.getQueryData<Entry<T>>(this.key);
  }

  private become(change: Partial<FeedState>) {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}

// A failed load is shown by the feed's state, or tried again.
const ignored = () => null;
