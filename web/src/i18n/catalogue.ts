//! Sentences for errors. The server and the pages read one catalogue, the server's `src/i18n/<language>.json`; the pages add only errors that no
//! server can report, such as that it was not reached.

/** The title says what happened; the detail also says what to do next, and may hold `{name}` for a member of the error. */
export type Sentence = { title: string; detail: string };
export type Sentences = Readonly<Record<string, Sentence>>;

/** The catalogue's sentences by slug, beside those of the pages. */
export const sentences = (catalogue: Sentences, own: Sentences): Sentences => ({ ...own, ...catalogue });

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
