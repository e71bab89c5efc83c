//! Refusals as somebody reads them: the sentence of their language, where they pressed.
import { expect } from 'vitest';
import ar from '../../src/i18n/ar/refusals.json';
import en from '../../src/i18n/en/refusals.json';
import fr from '../../src/i18n/fr/refusals.json';
import type { Screen } from './browser';

export const LANGUAGES = ['en', 'ar', 'fr'] as const;
const sentences: Record<string, Record<string, string>> = { en, ar, fr };

/** The refusal stands within `where`, in the words of the page's language. */
export async function reads(screen: Screen, slug: string, where = 'main') {
  const line = screen.page.locator(`${where} [data-refusal=${slug}], ${where} [data-fault=${slug}]`).first();
  await line.waitFor();
  expect([slug, (await line.textContent())?.trim()]).toEqual([slug, sentences[screen.language]?.[slug]]);
  expect(await line.getAttribute('role')).toBe('alert');
}

/** Somebody else does something between the press here and its arrival there. */
export async function meanwhile(screen: Screen, path: string, deed: () => unknown) {
  await screen.page.route(
    (url) => url.pathname.endsWith(path),
    async (route) => {
      await deed();
      await route.continue();
    },
    { times: 1 },
  );
}
