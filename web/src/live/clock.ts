//! The server's clock as this browser knows it. Countdowns and ages are measured with it.

type Sample = { offset: number; trip: number };

export class Clock {
  private best: Sample | null = null;
  private rough: Sample | null = null;

  constructor(private readonly local: () => number = Date.now) {}

  /** Takes the server's exact time out of an answer that was requested at `sentAt` and came at `gotAt` (ms, local). */
  sample(server: number, sentAt: number, gotAt: number) {
    if (!Number.isFinite(server)) return;
    const trip = Math.max(0, gotAt - sentAt);
    // The shorter the round trip, the smaller the error.
    if (this.best === null || trip <= this.best.trip) this.best = { offset: server - (sentAt + gotAt) / 2, trip };
  }

  /** Takes a time cut to whole seconds (the Date header): used until an exact one is known. */
  coarse(server: number, sentAt: number, gotAt: number) {
    if (!Number.isFinite(server) || this.rough !== null) return;
    this.rough = { offset: server + 500 - (sentAt + gotAt) / 2, trip: gotAt - sentAt };
  }

  /** Milliseconds to add to the local clock. Zero while nothing is known, or a header's whole seconds show no difference. */
  get offset(): number {
    if (this.best !== null) return this.best.offset;
    return this.rough !== null && Math.abs(this.rough.offset) > 2000 ? this.rough.offset : 0;
  }

  /** The server's time now, ms since 1970. */
  now(): number {
    return this.local() + this.offset;
  }
}

export const clock = new Clock();
