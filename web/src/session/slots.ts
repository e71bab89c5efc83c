//! A slot is one person in this browser: `?slot=crew1` gives a tab its own, so that one human can play several.

/** The slot of this tab; empty for the ordinary one. */
export const slot: string = readSlot(typeof location === 'undefined' ? '' : location.search);

export function readSlot(search: string): string {
  const asked = new URLSearchParams(search).get('slot') ?? '';
  return /^[a-z0-9_-]{1,32}$/i.test(asked) ? asked : '';
}

/** Name of a thing that belongs to this slot alone, in storage, locks and channels. */
export function ofSlot(name: string, of: string = slot): string {
  return of === '' ? `wassally.${name}` : `wassally.${of}.${name}`;
}
