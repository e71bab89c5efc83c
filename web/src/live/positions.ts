//! Many moving dots outside React: the latest position of each, interpolated to the present.
import type { Schema } from '../api/schemas';
import { clock } from './clock';

export type Dot = Schema<'CrewDot'>;
type Moving = Dot & { fromLat: number; fromLng: number; begun: number; takes: number; time: number };

/** An older dot leaves the map and is listed as silent. */
export const SILENT_MS = 5 * 60_000;
const MAX_MS = 5000;

export class Positions {
  private readonly dots = new Map<string, Moving>();
  private readonly listeners = new Set<() => void>();
  /** Grows with every change, so that a reader knows whether anything changed. */
  version = 0;

  constructor(private readonly now: () => number = () => clock.now()) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Takes a frame. Of a full frame, `full` are the dots it replaces: those it does not contain are gone. */
  take(dots: readonly Dot[], full: ReadonlySet<string> | null) {
    const now = this.now();
    if (full) {
      const present = new Set(dots.map((dot) => dot.id));
      for (const id of full) if (!present.has(id)) this.dots.delete(id);
    }
    for (const dot of dots) this.move(dot, now);
    this.version += 1;
    for (const listener of this.listeners) listener();
  }

  private move(dot: Dot, now: number) {
    const time = Date.parse(dot.at);
    const before = this.dots.get(dot.id);
    if (!before) {
      this.dots.set(dot.id, { ...dot, fromLat: dot.lat, fromLng: dot.lng, begun: now, takes: 0, time });
      return;
    }
    // A late fix changes the crew's state, never its place.
    if (time < before.time) {
      this.dots.set(dot.id, { ...before, status: dot.status, active: dot.active });
      return;
    }
    const [fromLat, fromLng] = this.placeOf(before, now);
    const takes = Math.min(MAX_MS, Math.max(0, time - before.time));
    this.dots.set(dot.id, { ...dot, fromLat, fromLng, begun: now, takes, time });
  }

  private placeOf(dot: Moving, now: number): [number, number] {
    const done = dot.takes <= 0 ? 1 : Math.min(1, (now - dot.begun) / dot.takes);
    return [dot.fromLat + (dot.lat - dot.fromLat) * done, dot.fromLng + (dot.lng - dot.fromLng) * done];
  }

  /** Every dot as known. */
  all(): Dot[] {
    return [...this.dots.values()];
  }

  get(id: string): Dot | undefined {
    return this.dots.get(id);
  }

  /** What to draw now; `moving` says whether the next frame differs. */
  frame(): { shown: (Dot & { age: number })[]; moving: boolean } {
    const now = this.now();
    let moving = false;
    const shown: (Dot & { age: number })[] = [];
    for (const dot of this.dots.values()) {
      const age = now - dot.time;
      if (dot.status === 'off_duty' || age > SILENT_MS) continue;
      const [lat, lng] = this.placeOf(dot, now);
      if (dot.takes > 0 && now - dot.begun < dot.takes) moving = true;
      shown.push({ ...dot, lat, lng, age });
    }
    return { shown, moving };
  }
}
