//! The one socket of a tab. Nothing else imports the SDK.
import { Centrifuge, type Subscription, UnauthorizedError } from 'centrifuge';
import { accessToken, renew } from '../session/refresh';
import { sessions } from '../session/store';
import { clock } from './clock';
import type { Heard, Position } from './entry';

export type Line = 'connecting' | 'live' | 'offline' | 'signed_out';
export type LineState = { line: Line /** ms, this browser's clock */; since: number; wasLive: boolean };

export type Subscribed = { position: Position | null; recovered: boolean; data: unknown };
export type Ears = {
  publication: (heard: Heard<unknown>) => void;
  subscribed: (how: Subscribed) => void;
  /** The line or the channel is away and will be tried again. */
  away: () => void;
  /** Refused, or the right to it ended: it will not come back by itself. */
  refused: (code: number, reason: string) => void;
};

/** Channels the server subscribes its person to; the SDK has no subscription object for them. */
const byServer = /^(user|crew):/;

export class LiveClient {
  private readonly sdk: Centrifuge;
  private readonly listeners = new Set<() => void>();
  private readonly ears = new Map<string, Set<Ears>>();
  private readonly served = new Map<string, Subscribed>();
  private connectSentAt = Date.now();
  private given = '';
  state: LineState = { line: 'connecting', since: Date.now(), wasLive: false };

  constructor(origin: string) {
    this.sdk = new Centrifuge(`${origin.replace(/^http/, 'ws')}/connection/websocket`, {
      name: 'web',
      minReconnectDelay: 300,
      maxReconnectDelay: 8_000,
      getToken: () => this.token(),
    });
    this.sdk.on('connecting', () => {
      this.connectSentAt = Date.now();
      this.become(this.state.wasLive ? 'offline' : 'connecting');
      for (const set of this.ears.values()) for (const ears of set) ears.away();
    });
    this.sdk.on('connected', (ctx) => {
      const now = (ctx.data as { now?: string } | undefined)?.now;
      if (now) clock.sample(Date.parse(now), this.connectSentAt, Date.now());
      this.become('live');
    });
    this.sdk.on('disconnected', (ctx) => {
      this.become('signed_out');
      // A token that the server refuses for good is a session that ended elsewhere.
      if (ctx.code === 1 || ctx.code === 3500 || ctx.code === 3503) sessions.end('revoked');
    });
    this.sdk.on('subscribed', (ctx) => {
      const how = { position: ctx.streamPosition ?? null, recovered: ctx.recovered, data: ctx.data };
      this.served.set(ctx.channel, how);
      for (const ears of this.of(ctx.channel)) ears.subscribed(how);
    });
    this.sdk.on('subscribing', (ctx) => {
      for (const ears of this.of(ctx.channel)) ears.away();
    });
    this.sdk.on('unsubscribed', (ctx) => {
      this.served.delete(ctx.channel);
      for (const ears of this.of(ctx.channel)) ears.refused(403, 'ended');
    });
    this.sdk.on('publication', (ctx) => {
      const known = this.served.get(ctx.channel);
      if (known?.position && ctx.offset) known.position = { ...known.position, offset: ctx.offset };
      for (const ears of this.of(ctx.channel)) ears.publication({ offset: ctx.offset ?? 0, event: ctx.data });
    });
  }

  connect() {
    this.sdk.connect();
  }

  close() {
    this.sdk.removeAllListeners();
    this.sdk.disconnect();
    for (const sub of Object.values(this.sdk.subscriptions())) this.sdk.removeSubscription(sub);
    this.ears.clear();
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  line = (): LineState => this.state;

  /** Listens to a channel until the returned function is called. `getState` loads a snapshot and says its position. */
  listen(channel: string, ears: Ears, getState?: () => Promise<Position>): () => void {
    const set = this.ears.get(channel) ?? new Set<Ears>();
    this.ears.set(channel, set);
    set.add(ears);
    if (byServer.test(channel)) {
      const how = this.served.get(channel);
      if (how) ears.subscribed(how);
    } else if (set.size === 1) this.open(channel, getState);
    return () => {
      set.delete(ears);
      if (set.size > 0) return;
      this.ears.delete(channel);
      const sub = this.sdk.getSubscription(channel);
      if (sub) {
        sub.removeAllListeners();
        sub.unsubscribe();
        this.sdk.removeSubscription(sub);
      }
    };
  }

  private open(channel: string, getState?: () => Promise<Position>) {
    const sub: Subscription = this.sdk.newSubscription(channel, {
      minResubscribeDelay: 300,
      maxResubscribeDelay: 8_000,
      ...(getState ? { getState } : {}),
    });
    sub.on('publication', (ctx) => {
      for (const ears of this.of(channel)) ears.publication({ offset: ctx.offset ?? 0, event: ctx.data });
    });
    sub.on('subscribed', (ctx) => {
      const how = { position: ctx.streamPosition ?? null, recovered: ctx.recovered, data: ctx.data };
      for (const ears of this.of(channel)) ears.subscribed(how);
    });
    sub.on('subscribing', () => {
      for (const ears of this.of(channel)) ears.away();
    });
    sub.on('unsubscribed', (ctx) => {
      if (ctx.code !== 0) for (const ears of this.of(channel)) ears.refused(ctx.code, ctx.reason);
    });
    sub.subscribe();
  }

  /** Sends without waiting for an answer. `false` when there is no line: the caller has another way. */
  send(method: string, data: unknown): boolean {
    if (this.state.line !== 'live') return false;
    void this.sdk.send({ method, data }).catch(() => null);
    return true;
  }

  private of(channel: string): Ears[] {
    return [...(this.ears.get(channel) ?? [])];
  }

  // Asked for the same token twice means that the server no longer takes it, whatever this clock says.
  private async token(): Promise<string> {
    let token = await accessToken();
    if (token !== null && token === this.given) token = (await renew(token))?.access ?? null;
    if (token === null) throw new UnauthorizedError('signed out');
    this.given = token;
    return token;
  }

  private become(line: Line) {
    if (line === this.state.line) return;
    this.state = { line, since: Date.now(), wasLive: this.state.wasLive || line === 'live' };
    for (const listener of this.listeners) listener();
  }
}
