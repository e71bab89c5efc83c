//! The outbox: what was done without a line is kept, and sent when there is one, one after the other, by one tab.
import { get, update } from 'idb-keyval';
import { api } from '../api/client';
import { inDoubt, Refusal } from '../api/problem';
import { alone } from '../session/exclusive';
import { sessions } from '../session/store';
import type { LiveClient } from './client';
import { add, type Deed, next, type Queue, refuse, waiting, without } from './queue';

/** What `send` says of a deed that has to wait. */
export const WAITS = Symbol('waits');
export type Done = (deed: Deed, answer: unknown) => void;
export type OutboxState = {
  /** What waits and what was refused, in order. */
  kept: Queue;
  /** What waited and went out a moment ago. */
  sent: readonly Deed[];
  sending: string | null;
  /** Those whose doer still looks and hears the answer in place. */
  asked: ReadonlySet<string>;
};

// "Sent" is read, then it goes.
const SENT_MS = 6000;
// Nobody stands before a spinner longer than this: the rest of the work does not wait for the line.
const PATIENCE_MS = 2500;
const AGAIN_MS = 2000;
const AGAIN_MOST_MS = 30_000;

type Asker = {
  resolve: (answer: unknown) => void;
  reject: (error: unknown) => void;
  patience: ReturnType<typeof setTimeout>;
};

export class Outbox {
  private state: OutboxState = { kept: [], sent: [], sending: null, asked: new Set() };
  private readonly listeners = new Set<() => void>();
  private readonly doers = new Set<Done>();
  private readonly askers = new Map<string, Asker>();
  private readonly news: BroadcastChannel | null;
  private readonly name: string;
  private readonly stops: (() => void)[];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private wait = AGAIN_MS;
  private pumping = false;

  /** Kept by person, not by tab: whoever signs in next here sends nothing of somebody else. */
  constructor(
    private readonly user: string,
    client: LiveClient,
  ) {
    this.name = `wassally.outbox.${user}`;
    this.news = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(this.name);
    this.news?.addEventListener('message', () => void this.heard());
    const back = () => {
      if (client.line().line === 'live') this.hurry();
    };
    const online = () => this.hurry();
    addEventListener('online', online);
    this.stops = [client.subscribe(back), sessions.subscribe(online), () => removeEventListener('online', online)];
    void this.pump();
  }

  close() {
    for (const stop of this.stops) stop();
    this.news?.close();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  now = (): OutboxState => this.state;

  /** Hears every deed that this tab sent, with its answer. */
  onDone(done: Done): () => void {
    this.doers.add(done);
    return () => this.doers.delete(done);
  }

  /** Keeps a deed, then sends it. Its answer, or `WAITS` when there is no line. Errors: the `Refusal`, when it came at once. */
  async send(deed: Deed): Promise<unknown> {
    const answer = new Promise((resolve, reject) => {
      const patience = setTimeout(() => this.take(deed.id)?.resolve(WAITS), PATIENCE_MS);
      this.askers.set(deed.id, { resolve, reject, patience });
    });
    await this.change((queue) => add(queue, deed)).catch((error: unknown) => this.take(deed.id)?.reject(error));
    void this.pump();
    return answer;
  }

  /** Takes what was refused out of sight. */
  forget(id: string) {
    void this.change((queue) => without(queue, id));
  }

  private hurry() {
    this.wait = AGAIN_MS;
    void this.pump();
  }

  private async pump() {
    if (this.pumping) return;
    this.pumping = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    try {
      await alone(this.name, () => this.drain());
    } finally {
      this.pumping = false;
      this.become({ sending: null });
    }
    // One that came between the last look and here.
    if (this.askers.size > 0 && this.timer === null) void this.pump();
  }

  private async drain() {
    for (;;) {
      await this.look();
      const deed = next(this.state.kept);
      if (!deed || sessions.now().session?.user.id !== this.user) {
        this.letGo();
        return;
      }
      this.become({ sending: deed.id });
      try {
        const send = deed.method === 'POST' ? api.post : api.patch;
        const answer = await send<unknown>(deed.path, deed.body, { key: deed.id });
        this.wait = AGAIN_MS;
        await this.done(deed, answer);
      } catch (error) {
        if (!(error instanceof Refusal) || hasToWait(error)) {
          this.later(error instanceof Refusal ? error.retryAfter : null);
          return;
        }
        await this.refused(deed, error);
      }
    }
  }

  private async done(deed: Deed, answer: unknown) {
    await this.change((queue) => without(queue, deed.id));
    const asker = this.take(deed.id);
    for (const done of this.doers) done(deed, answer);
    if (asker) {
      asker.resolve(answer);
      return;
    }
    this.become({ sent: [...this.state.sent, deed] });
    setTimeout(() => this.become({ sent: this.state.sent.filter((one) => one.id !== deed.id) }), SENT_MS);
  }

  private async refused(deed: Deed, error: Refusal) {
    // Who still looks hears it in place; else it is kept until somebody read it.
    const asker = this.askers.get(deed.id);
    clearTimeout(asker?.patience);
    const { status, code, detail, members } = error;
    const reason = { status, code, detail, members };
    await this.change((queue) => (asker ? without(queue, deed.id) : refuse(queue, deed.id, reason)));
    this.take(deed.id);
    asker?.reject(error);
  }

  private later(after_s: number | null) {
    this.letGo();
    this.timer = setTimeout(() => void this.pump(), after_s === null ? this.wait : after_s * 1000);
    this.wait = Math.min(this.wait * 2, AGAIN_MOST_MS);
  }

  private letGo() {
    for (const asker of this.askers.values()) asker.resolve(WAITS);
    this.askers.clear();
    this.become({});
  }

  private take(id: string): Asker | undefined {
    const asker = this.askers.get(id);
    if (this.askers.delete(id)) this.become({});
    return asker;
  }

  private async change(to: (queue: Queue) => Queue) {
    await update<Queue>(this.name, (before) => to(before ?? []));
    this.news?.postMessage(null);
    await this.look();
  }

  /** Another tab changed the queue; should it go away, what it left is sent from here. */
  private async heard() {
    await this.look();
    if (!this.pumping && this.timer === null && next(this.state.kept)) this.later(null);
  }

  private async look() {
    const kept = (await get<Queue>(this.name)) ?? [];
    this.become({ kept });
  }

  private become(change: Partial<OutboxState>) {
    this.state = { ...this.state, ...change, asked: new Set(this.askers.keys()) };
    for (const listener of this.listeners) listener();
  }
}

/** Nobody can say yet whether it will be done: no line, no sign-in, too busy, too often. */
const hasToWait = (error: Refusal) =>
  inDoubt(error) || error.status === 401 || error.status === 429 || error.status > 500;

export const unsent = (state: OutboxState): number =>
  waiting(state.kept).filter((one) => !state.asked.has(one.id)).length;
