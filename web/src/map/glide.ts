//! A dot moves over the time that really passed between two fixes, and never back for a late fix.

const MAX_MS = 5000;

export class Glide {
  private lat = 0;
  private lng = 0;
  private at = Number.NEGATIVE_INFINITY;
  private frame = 0;

  /** Moves to a fix of device time `at` (ms) and calls `draw` per frame. The returned function stops it. */
  to(lat: number, lng: number, at: number, draw: (lat: number, lng: number) => void): () => void {
    if (at < this.at) return () => undefined;
    const passed = at - this.at;
    this.at = at;
    const reduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (!Number.isFinite(passed) || passed > 60_000 || reduced) {
      this.lat = lat;
      this.lng = lng;
      draw(lat, lng);
      return () => undefined;
    }
    const [fromLat, fromLng, begun] = [this.lat, this.lng, performance.now()];
    const takes = Math.min(Math.max(passed, 200), MAX_MS);
    const step = (now: number) => {
      const done = Math.min(1, (now - begun) / takes);
      this.lat = fromLat + (lat - fromLat) * done;
      this.lng = fromLng + (lng - fromLng) * done;
      draw(this.lat, this.lng);
      if (done < 1) this.frame = requestAnimationFrame(step);
    };
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(this.frame);
  }
}
