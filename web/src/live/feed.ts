//! One channel kept in one cache entry: snapshot, events, coming back. Shared by all readers of the entry.
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { Refusal } from '../api/problem';
import type { Ears, LiveClient, Subscribed } from './client';
import {
  advance,
  catchUp,
  type Entry,
  type Heard,
  type LivePosition,
  type Position,
  positionIn,
  type Reduce,
} from './entry';

export type LiveStatus = 'loading' | 'live' | 'catching_up' | 'offline' | 'refused';
export type Snapshot<T> = {
  queryKey: QueryKey;
  queryFn: () => Promise<T & { live?: readonly LivePosition[] }>;
  /** The channel keeps no numbers in Postgres: subscribe first, then load, and load again on every return. */
  ring?: boolean;
};
export type FeedState = {
  status: LiveStatus;
  refused: Refusal | null /** events that came on return */;
  missed: number;
};

// Enough to bring a slow snapshot up to date; a kept channel refills from the log beyond that.
const REMEMBER = 500;
const byServer = /^(user|crew):/;

type Stored<T> = Entry<T> | undefined;

export class Feed<T, E> {
  state: FeedState = { status: 'loading', refused: null, missed: 0 };
  private readonly listeners = new Set<() => void>();
  private readers = 0;
  private stop: (() => void) | null = null;
  private recent: Heard<E>[] = [];
  private resume = false;
  private loading: Promise<Position | null> | null = null;
  private retry: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly client: LiveClient,
    private readonly cache: QueryClient,
    private readonly channel: string,
    private readonly key: QueryKey,
    private readonly snapshot: Snapshot<T> | null,
    private readonly reduce: Reduce<T | undefined, E>,
  ) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  now = (): FeedState => this.state;

  /** One reader more; the returned function takes it away, and with the last one the subscription. */
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
    this.resume = this.entry()?.at != null;
    this.become({ status: this.entry() === undefined ? 'loading' : 'catching_up', refused: null, missed: 0 });
    const kept = this.snapshot !== null && !this.snapshot.ring && !byServer.test(this.channel);
    const ears: Ears = {
      publication: (heard) => this.hear(heard as Heard<E>),
      subscribed: (how) => this.subscribed(how),
      away: () => {
        if (this.state.status !== 'refused' && this.state.status !== 'loading') this.become({ status: 'offline' });
      },
      refused: (code, reason) => this.become({ status: 'refused', refused: new Refusal(code, reason, '') }),
    };
    this.stop = this.client.listen(this.channel, ears, kept ? () => this.getState() : undefined);
    // A person's own channel is on with the connection; its snapshot need not wait for that.
    if (byServer.test(this.channel) && this.entry() === undefined) void this.load();
  }

  private end() {
    this.stop?.();
    this.stop = null;
    if (this.retry !== null) clearTimeout(this.retry);
  }

  // At first, and again only when the log could not bring this entry up to date.
  private async getState(): Promise<Position> {
    const at = this.entry()?.at;
    if (this.resume && at) {
      this.resume = false;
      return at;
    }
    const position = await this.load();
    if (position === null) throw new Error(`no position for ${this.channel}`);
    return position;
  }

  private subscribed(how: Subscribed) {
    this.resume = false;
    const entry = this.entry();
    if (this.snapshot === null) {
      if (how.data !== undefined && how.data !== null) this.hear({ offset: 0, event: how.data as E });
      this.become({ status: 'live' });
      return;
    }
    const behind = entry?.at && how.position && how.position.offset > entry.at.offset && !how.recovered;
    const strange = entry?.at && how.position && entry.at.epoch !== how.position.epoch;
    // A ring remembers a while and only what its node heard: coming back is always a fresh look.
    const ring = this.snapshot.ring === true;
    if (entry === undefined || behind || strange || ring) void this.load().then(() => this.settle());
    else this.settle();
  }

  private settle() {
    if (this.entry() !== undefined && this.state.status !== 'refused') this.become({ status: 'live' });
  }

  /** Loads the snapshot, brings it up to what was heard meanwhile, keeps it. */
  load(): Promise<Position | null> {
    this.loading ??= this.fetch().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  private async fetch(): Promise<Position | null> {
    if (this.snapshot === null) return null;
    // What was heard before the question stands in the answer; only a number could say so of later things.
    if (this.snapshot.ring) this.recent = [];
    try {
      const data = await this.snapshot.queryFn();
      const at = this.snapshot.ring ? null : positionIn(data.live, this.channel);
      const fresh = catchUp<T | undefined, E>({ data, at }, this.recent, this.reduce);
      this.cache.setQueryData(this.key, fresh);
      if (this.client.state.line === 'live' && byServer.test(this.channel)) this.settle();
      return at;
    } catch (error) {
      if (error instanceof Refusal && error.status < 500 && error.status !== 429) {
        this.become({ status: 'refused', refused: error });
        this.stop?.();
        this.stop = null;
      } else if (this.snapshot.ring || byServer.test(this.channel)) {
        // The SDK asks again for the others.
        this.retry = setTimeout(() => void this.load().then(() => this.settle()), 2_000);
        return null;
      }
      throw error;
    }
  }

  private hear(heard: Heard<E>) {
    const event = heard.event as { type?: string; full?: boolean } | null;
    if (this.snapshot?.ring && event?.type === 'reload') {
      this.recent = [];
      void this.load();
      return;
    }
    if (this.snapshot !== null) {
      this.recent.push(heard);
      if (this.recent.length > REMEMBER) this.recent.shift();
    }
    const entry = this.entry();
    if (entry === undefined) {
      if (this.snapshot === null)
        this.cache.setQueryData(this.key, { data: this.reduce(undefined, heard.event), at: null });
      return;
    }
    const next = advance<T | undefined, E>(entry as Entry<T | undefined>, heard, this.reduce);
    if (next !== entry) this.cache.setQueryData(this.key, next);
  }

  private entry(): Stored<T> {
    return this.cache.getQueryData<Entry<T>>(this.key);
  }

  private become(change: Partial<FeedState>) {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}
