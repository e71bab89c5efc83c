//! The outbox: commands given without a line are stored, and sent in order by one tab once there is a line.
import { get, update } from 'idb-keyval';
import { ApiError, isInDoubt } from '../api/problem';
import { exclusively } from '../session/exclusive';
import { sessions } from '../session/store';
import type { LiveClient } from './client';
import { add, type Command, next, type Queue, refuse, waiting, without } from './queue';

/** What `send` resolves to for a command that has to wait. */
export const QUEUED = Symbol('queued');

export type OutboxState<C extends Command = Command> = {
  /** Waiting and refused commands, in order. */
  stored: Queue<C>;
  /** What waited and was sent a moment ago. */
  sent: readonly C[];
  sending: string | null;
  /** Those whose sender still waits for the answer in place. */
  awaited: ReadonlySet<string>;
};
export type OnSent<C extends Command, A> = (command: C, answer: A) => void;

// "Sent" is shown so long.
const SENT_MS = 6000;
// Nobody looks at a spinner longer than this: the rest of the work does not wait for the line.
const PATIENCE_MS = 2500;
const RETRY_MS = 2000;
const RETRY_MAX_MS = 30_000;

type Sender<A> = {
  resolve: (answer: A | typeof QUEUED) => void;
  reject: (error: unknown) => void;
  patience: ReturnType<typeof setTimeout>;
};

export class Outbox<C extends Command, A> {
  private state: OutboxState<C> = { stored: [], sent: [], sending: null, awaited: new Set() };
  private readonly listeners = new Set<() => void>();
  private readonly observers = new Set<OnSent<C, A>>();
  private readonly senders = new Map<string, Sender<A>>();
  private readonly tabs: BroadcastChannel | null;
  private readonly name: string;
  private readonly stops: (() => void)[];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private delay = RETRY_MS;
  private isPumping = false;

  /** Stored by person, not by tab: whoever signs in next on this device sends nothing of somebody else. */
  constructor(
    private readonly user: string,
    client: LiveClient,
    private readonly perform: (command: C) => Promise<A>,
  ) {
    this.name = `wassally.outbox.${user}`;
    this.tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(this.name);
    this.tabs?.addEventListener('message', () => void this.otherTabChanged());
    const onLine = () => {
      if (client.line().line === 'live') this.hurry();
    };
    const onOnline = () => this.hurry();
    addEventListener('online', onOnline);
    this.stops = [
      client.subscribe(onLine),
      sessions.subscribe(onOnline),
      () => removeEventListener('online', onOnline),
    ];
    void this.pump();
  }

  close() {
    for (const stop of this.stops) stop();
    this.tabs?.close();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  now = (): OutboxState<C> => this.state;

  /** Calls `observer` with every command that this tab sent, and its answer. */
  onSent(observer: OnSent<C, A>): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  /** Stores a command, then sends it. Resolves to its answer, or `QUEUED` when there is no line. Errors: `ApiError`, when it came at once. */
  async send(command: C): Promise<A | typeof QUEUED> {
    const answer = new Promise<A | typeof QUEUED>((resolve, reject) => {
      const patience = setTimeout(() => this.take(command.id)?.resolve(QUEUED), PATIENCE_MS);
      this.senders.set(command.id, { resolve, reject, patience });
    });
    await this.change((queue) => add(queue, command)).catch((error: unknown) => this.take(command.id)?.reject(error));
    void this.pump();
    return answer;
  }

  /** Removes a refused command that has been read. */
  dismiss(id: string) {
    void this.change((queue) => without(queue, id));
  }

  private hurry() {
    this.delay = RETRY_MS;
    void this.pump();
  }

  private async pump() {
    if (this.isPumping) return;
    this.isPumping = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    try {
      await exclusively(this.name, () => this.drain());
    } finally {
      this.isPumping = false;
      this.become({ sending: null });
    }
    // One that was added between the last read and here.
    if (this.senders.size > 0 && this.timer === null) void this.pump();
  }

  private async drain() {
    for (;;) {
      await this.read();
      const command = next(this.state.stored);
      if (!command || sessions.now().session?.user.id !== this.user) {
        this.releaseSenders();
        return;
      }
      this.become({ sending: command.id });
      try {
        const answer = await this.perform(command);
        this.delay = RETRY_MS;
        await this.succeeded(command, answer);
      } catch (error) {
        if (!(error instanceof ApiError) || hasToWait(error)) {
          this.retryLater(error instanceof ApiError ? error.retryAfter : null);
          return;
        }
        await this.refused(command, error);
      }
    }
  }

  private async succeeded(command: C, answer: A) {
    await this.change((queue) => without(queue, command.id));
    const sender = this.take(command.id);
    for (const observer of this.observers) observer(command, answer);
    if (sender) {
      sender.resolve(answer);
      return;
    }
    this.become({ sent: [...this.state.sent, command] });
    setTimeout(() => this.become({ sent: this.state.sent.filter((one) => one.id !== command.id) }), SENT_MS);
  }

  private async refused(command: C, error: ApiError) {
    // A sender that still waits shows it in place; otherwise it stays until somebody has read it.
    const sender = this.senders.get(command.id);
    clearTimeout(sender?.patience);
    const { status, code, detail, members } = error;
    const reason = { status, code, detail, members };
    await this.change((queue) => (sender ? without(queue, command.id) : refuse(queue, command.id, reason)));
    this.take(command.id);
    sender?.reject(error);
  }

  private retryLater(after_s: number | null) {
    this.releaseSenders();
    this.timer = setTimeout(() => void this.pump(), after_s === null ? this.delay : after_s * 1000);
    this.delay = Math.min(this.delay * 2, RETRY_MAX_MS);
  }

  private releaseSenders() {
    for (const sender of this.senders.values()) sender.resolve(QUEUED);
    this.senders.clear();
    this.become({});
  }

  private take(id: string): Sender<A> | undefined {
    const sender = this.senders.get(id);
    if (this.senders.delete(id)) this.become({});
    return sender;
  }

  private async change(to: (queue: Queue<C>) => Queue<C>) {
    await update<Queue<C>>(this.name, (before) => to(before ?? []));
    this.tabs?.postMessage(null);
    await this.read();
  }

  /** Should the tab that changed the queue go away, what it left is sent from here. */
  private async otherTabChanged() {
    await this.read();
    if (!this.isPumping && this.timer === null && next(this.state.stored)) this.retryLater(null);
  }

  private async read() {
    const stored = (await get<Queue<C>>(this.name)) ?? [];
    this.become({ stored });
  }

  private become(change: Partial<OutboxState<C>>) {
    this.state = { ...this.state, ...change, awaited: new Set(this.senders.keys()) };
    for (const listener of this.listeners) listener();
  }
}

/** Nobody can say yet whether it will be carried out: no line, no sign-in, too busy, too often. */
const hasToWait = (error: ApiError) =>
  isInDoubt(error) || error.status === 401 || error.status === 429 || error.status > 500;

export const countUnsent = (state: OutboxState): number =>
  waiting(state.stored).filter((one) => !state.awaited.has(one.id)).length;
