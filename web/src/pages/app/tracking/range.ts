import type { Track } from '../../../domain/orders';

/** Minutes as a range: "12–16", "4", "0" below one minute. */
export function rangeOf(position: NonNullable<Track['position']>): string {
  const low = Math.round(position.eta_s / 60);
  const high = Math.max(low, Math.ceil(position.eta_high_s / 60));
  // Left to right in every language: the range reads as one number.
  return low === high ? String(low) : `\u2066${low}\u2013${high}\u2069`;
}

/** Why the place is not exact: the goods still wait, or the crew delivers another order first; null when it is exact. */
export function hintOf(position: NonNullable<Track['position']>): 'roughly' | 'other_stop_first' | null {
  if (!position.coarse) return null;
  return position.other_stop_first ? 'other_stop_first' : 'roughly';
}
