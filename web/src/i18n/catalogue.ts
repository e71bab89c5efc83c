//! Sentences for errors. The server and the pages read one catalogue, `src/i18n/<language>.json` of the server; the pages add only what no
//! server can say, such as that it was not reached.

/** The title says what happened; the detail also says what to do next, and may hold `{name}` for a member of the error. */
export type Sentence = { title: string; detail: string };
export type Sentences = Readonly<Record<string, Sentence>>;

/** The catalogue's sentences by slug. */
export function sentences(catalogue: object, own: Sentences): Sentences {
  const errors = 'errors' in catalogue ? catalogue.errors : catalogue;
  if (typeof errors !== 'object' || errors === null) return own;
  const known = Object.entries(errors).flatMap(([slug, entry]) => {
    if (typeof entry === 'string') return slug.includes('.') ? [] : [[slug, { title: entry, detail: entry }] as const];
    return isSentence(entry) ? [[slug, entry] as const] : [];
  });
  return { ...own, ...Object.fromEntries(known) };
}

const isSentence = (entry: unknown): entry is Sentence =>
  typeof entry === 'object' && entry !== null && 'title' in entry && 'detail' in entry;

/** `text` with each `{name}` filled from `members`; null where one is missing. */
export function filled(text: string, members: Readonly<Record<string, unknown>>): string | null {
  let isWhole = true;
  const whole = text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = members[name];
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    isWhole = false;
    return '';
  });
  return isWhole ? whole : null;
}
