//! A slot is one person in this browser: `?slot=crew1` gives a tab its own, so that one human can be several people.

/** The slot of this tab; empty for the default one. */
export const slot: string = readSlot(typeof location === 'undefined' ? '' : location.search);

export function readSlot(search: string): string {
  const wanted = new URLSearchParams(search).get('slot') ?? '';
  return /^[a-z0-9_-]{1,32}$/i.test(wanted) ? wanted : '';
}

/** A name in storage, locks and broadcast channels that belongs to one slot alone. */
export function ofSlot(name: string, of: string = slot): string {
  return of === '' ? `wassally.${name}` : `wassally.${of}.${name}`;
}
