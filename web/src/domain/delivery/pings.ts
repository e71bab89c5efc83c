//! Sends positions: over the socket, and in batches by request while it is away.
import type { LiveClient } from '../../live/client';
import { clock } from '../../live/clock';
import { type Ping, postPings } from './queries';

export type Fix = {
  lat: number;
  lng: number;
  accuracy_m: number;
  heading_deg?: number | null;
  speed_mps?: number | null;
  mock: boolean;
};
/** The last fix; when one was last sent, by the server's clock in ms; and whether by request. */
export type Sent = { fix: Fix | null; at: number | null; byRest: boolean };

const BATCH_MS = 4000;
const WAITING_MAX = 120;

export class Pings {
  private seq = 0;
  /** The number of the duty these pings belong to: those of an earlier one are refused. */
  duty: number | null = null;
  private waiting: Ping[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly listeners = new Set<() => void>();
  private state: Sent = { fix: null, at: null, byRest: false };

  constructor(private readonly client: Pick<LiveClient, 'send'>) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  now = (): Sent => this.state;

  send(fix: Fix) {
    const at = clock.now();
    this.seq += 1;
    const ping: Ping = {
      lat: fix.lat,
      lng: fix.lng,
      at: new Date(at).toISOString(),
      accuracy_m: fix.accuracy_m,
      seq: this.seq,
    };
    if (fix.heading_deg != null && Number.isFinite(fix.heading_deg)) ping.heading_deg = fix.heading_deg;
    if (fix.speed_mps != null && Number.isFinite(fix.speed_mps)) ping.speed_mps = fix.speed_mps;
    if (fix.mock) ping.mock = true;
    if (this.duty !== null) ping.duty = this.duty;
    const live = this.client.send('delivery.ping', ping);
    if (!live) this.enqueue(ping);
    this.become(live ? { fix, at, byRest: false } : { ...this.state, fix });
  }

  private become(state: Sent) {
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  stop() {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting = [];
  }

  private enqueue(ping: Ping) {
    this.waiting.push(ping);
    if (this.waiting.length > WAITING_MAX) this.waiting.shift();
    this.timer ??= setTimeout(() => void this.post(), BATCH_MS);
  }

  private async post() {
    this.timer = null;
    const batch = this.waiting.splice(0);
    if (batch.length === 0) return;
    try {
      await postPings(batch);
      this.become({ ...this.state, at: clock.now(), byRest: true });
    } catch {
      this.waiting = [...batch, ...this.waiting].slice(-WAITING_MAX);
      this.timer ??= setTimeout(() => void this.post(), BATCH_MS);
    }
  }
}
