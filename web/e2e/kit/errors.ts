//! Errors as a person reads them: the sentence of their language, where they pressed.
import { expect } from 'vitest';
import ar from '../../src/i18n/ar';
import en from '../../src/i18n/en';
import fr from '../../src/i18n/fr';
import type { Screen } from './browser';

export const LANGUAGES = ['en', 'ar', 'fr'] as const;
type Language = (typeof LANGUAGES)[number];
const words = { en, ar, fr };

/** A sentence as a pattern: `{name}` stands for a value of the error. */
const patternOf = (sentence: string) => sentence.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '.+');

/** The text for `slug`: its sentence, its title, or the words for a fault of the cart. */
export function sentenceOf(language: Language, slug: string): RegExp {
  const { errors, app } = words[language];
  const { title, detail } = errors[slug] ?? {};
  const fault = Object.entries(app.fault).find(([code]) => code === slug)?.[1];
  const known = [fault, detail, title].filter((text) => text !== undefined);
  expect(known, slug).not.toEqual([]);
  return new RegExp(known.map(patternOf).join('|'));
}

/** The error stands within `where`, in the words of the page's language. */
export async function reads(screen: Screen, slug: string, where = 'main') {
  const line = screen.page.locator(`${where} [data-error=${slug}], ${where} [data-fault=${slug}]`).first();
  await line.waitFor();
  expect((await line.textContent())?.trim(), slug).toMatch(sentenceOf(screen.language, slug));
  expect(await line.getAttribute('role')).toBe('alert');
}

/** Somebody else does something between the press here and its arrival at the server. */
export async function meanwhile(screen: Screen, path: string, act: () => unknown) {
  await screen.page.route(
    (url) => url.pathname.endsWith(path),
    async (route) => {
      await act();
      await route.continue();
    },
    { times: 1 },
  );
}
