//! The one socket of a tab. Nothing else imports the SDK.
import { Centrifuge, type Subscription, UnauthorizedError } from 'centrifuge';
import { accessToken, renew } from '../session/refresh';
import { sessions } from '../session/store';
import type { Channel, MessageOf, SnapshotOf } from './channels';
import { clock } from './clock';
import type { Position, Received } from './entry';

export type Line = 'connecting' | 'live' | 'offline' | 'signed_out';
export type LineState = { line: Line /** ms, this browser's clock */; since: number; wasLive: boolean };

export type Subscribed<C extends Channel = Channel> = {
  position: Position | null;
  recovered: boolean;
  snapshot: SnapshotOf<C> | null;
};
export type Observer<C extends Channel = Channel> = {
  received(received: Received<MessageOf<C>>): void;
  subscribed(reply: Subscribed<C>): void;
  /** The line or the channel is away and will be tried again. */
  away?(): void;
  /** Refused, or the right to it ended: it does not come back by itself. */
  refused?(code: number, reason: string): void;
};
type GetState = () => Promise<Position>;
type Watched = { observers: Set<Observer>; getState: GetState | undefined };

export class LiveClient {
  private readonly sdk: Centrifuge;
  private readonly listeners = new Set<() => void>();
  private readonly watched = new Map<string, Watched>();
  /** Channels that the server subscribed this person to: the connect reply names them. */
  private readonly byServer = new Map<string, Subscribed>();
  private connectSentAt = Date.now();
  private usedToken = '';
  /** Whether a connect reply has said what the server subscribes by itself. */
  private isGreeted = false;
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
      for (const channel of this.watched.keys()) this.away(channel);
    });
    this.sdk.on('connected', (ctx) => {
      const now: unknown = ctx.data?.now;
      if (typeof now === 'string') clock.sample(Date.parse(now), this.connectSentAt, Date.now());
      this.become('live');
      // The SDK reports the server's own subscriptions right after this event, in the same turn.
      queueMicrotask(() => this.openRest());
    });
    this.sdk.on('disconnected', (ctx) => {
      this.become('signed_out');
      // A token that the server refuses for good belongs to a session that ended elsewhere.
      if (ctx.code === 1 || ctx.code === 3500 || ctx.code === 3503) sessions.end('revoked');
    });
    this.sdk.on('subscribed', (ctx) => {
      const reply = { position: ctx.streamPosition ?? null, recovered: ctx.recovered, snapshot: ctx.data ?? null };
      this.byServer.set(ctx.channel, reply);
      for (const observer of this.observers(ctx.channel)) observer.subscribed(reply);
    });
    this.sdk.on('subscribing', (ctx) => this.away(ctx.channel));
    this.sdk.on('unsubscribed', (ctx) => {
      this.byServer.delete(ctx.channel);
      for (const observer of this.observers(ctx.channel)) observer.refused?.(403, 'ended');
    });
    this.sdk.on('publication', (ctx) => {
      const reply = this.byServer.get(ctx.channel);
      if (reply?.position && ctx.offset) reply.position = { ...reply.position, offset: ctx.offset };
      this.received(ctx.channel, ctx);
    });
  }

  connect() {
    this.sdk.connect();
  }

  close() {
    this.sdk.removeAllListeners();
    this.sdk.disconnect();
    for (const sub of Object.values(this.sdk.subscriptions())) this.sdk.removeSubscription(sub);
    this.watched.clear();
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  line = (): LineState => this.state;

  /** Whether the server subscribed this person to a channel by itself. */
  isByServer(channel: string): boolean {
    return this.byServer.has(channel);
  }

  /** Observes a channel until the returned function is called. `getState` loads a snapshot and resolves to its position. */
  observe<C extends Channel>(channel: C, observer: Observer<C>, getState?: GetState): () => void {
    const known = this.watched.get(channel);
    const watched: Watched = known ?? { observers: new Set(), getState };
    this.watched.set(channel, watched);
    watched.observers.add(observer);
    const reply = this.byServer.get(channel);
    if (reply) observer.subscribed(reply);
    else if (!known && this.isGreeted) this.open(channel, getState);
    return () => {
      watched.observers.delete(observer);
      if (watched.observers.size > 0) return;
      this.watched.delete(channel);
      const sub = this.sdk.getSubscription(channel);
      if (sub) {
        sub.removeAllListeners();
        sub.unsubscribe();
        this.sdk.removeSubscription(sub);
      }
    };
  }

  /** Subscribes to what is watched and was not subscribed by the server. */
  private openRest() {
    this.isGreeted = true;
    for (const [channel, { getState }] of this.watched) {
      if (!this.byServer.has(channel) && this.sdk.getSubscription(channel) === null) this.open(channel, getState);
    }
  }

  private open(channel: string, getState: GetState | undefined) {
    const sub: Subscription = this.sdk.newSubscription(channel, {
      minResubscribeDelay: 300,
      maxResubscribeDelay: 8_000,
      ...(getState ? { getState } : {}),
    });
    sub.on('publication', (ctx) => this.received(channel, ctx));
    sub.on('subscribed', (ctx) => {
      const reply = { position: ctx.streamPosition ?? null, recovered: ctx.recovered, snapshot: ctx.data ?? null };
      for (const observer of this.observers(channel)) observer.subscribed(reply);
    });
    sub.on('subscribing', () => this.away(channel));
    sub.on('unsubscribed', (ctx) => {
      if (ctx.code !== 0) for (const observer of this.observers(channel)) observer.refused?.(ctx.code, ctx.reason);
    });
    sub.subscribe();
  }

  /** Sends without waiting for an answer. `false` when there is no line: the caller has another way. */
  send(method: string, data: unknown): boolean {
    if (this.state.line !== 'live') return false;
    void this.sdk.send({ method, data }).catch(() => null);
    return true;
  }

  private received(channel: string, { offset = 0, data }: { offset?: number; data: MessageOf<Channel> }) {
    for (const observer of this.observers(channel)) observer.received({ offset, message: data });
  }

  private away(channel: string) {
    for (const observer of this.observers(channel)) observer.away?.();
  }

  // A copy: an observer may leave while it is called.
  private observers(channel: string): Observer[] {
    return [...(this.watched.get(channel)?.observers ?? [])];
  }

  // Being asked for the same token twice means that the server no longer takes it, whatever this clock says.
  private async token(): Promise<string> {
    let token = await accessToken();
    if (token !== null && token === this.usedToken) token = (await renew(token))?.access ?? null;
    if (token === null) throw new UnauthorizedError('signed out');
    this.usedToken = token;
    return token;
  }

  private become(line: Line) {
    if (line === this.state.line) return;
    this.state = { line, since: Date.now(), wasLive: this.state.wasLive || line === 'live' };
    for (const listener of this.listeners) listener();
  }
}
