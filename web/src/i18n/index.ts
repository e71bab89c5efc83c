//! Languages: the first part of the path says which; the words of one language are one file to load.
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

export const LANGUAGES = ['en', 'ar', 'fr'] as const;
export type Language = (typeof LANGUAGES)[number];
export const languageNames: Record<Language, string> = { en: 'English', ar: 'العربية', fr: 'Français' };

const words: Record<Language, () => Promise<{ default: Record<string, unknown> }>> = {
  en: () => import('./en'),
  ar: () => import('./ar'),
  fr: () => import('./fr'),
};

/** Words of the pages for crews, sellers and staff: customers and guests do not load them. */
const workWords: typeof words = {
  en: () => import('./en/work'),
  ar: () => import('./ar/work'),
  fr: () => import('./fr/work'),
};

export const isLanguage = (text: string | undefined): text is Language => LANGUAGES.includes(text as Language);
export const directionOf = (language: Language): 'ltr' | 'rtl' => (language === 'ar' ? 'rtl' : 'ltr');

/** Language of an address; the browser's own where the address has none. */
export function languageOf(path: string): Language {
  const first = path.split('/')[1];
  if (isLanguage(first)) return first;
  const wanted = (navigator.languages ?? []).map((tag) => tag.split('-')[0]);
  return wanted.find(isLanguage) ?? 'en';
}

/** Loads a language and sets the document's language and direction. */
export async function startLanguage(language: Language): Promise<void> {
  document.documentElement.lang = language;
  document.documentElement.dir = directionOf(language);
  const translation = (await words[language]()).default;
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { translation } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}

/** A page for crews, sellers or staff, with its words. */
export async function atWork<T>(page: Promise<T>): Promise<T> {
  const language = languageOf(location.pathname);
  const [loaded, own] = await Promise.all([page, workWords[language]()]);
  i18next.addResourceBundle(language, 'translation', own.default, true);
  return loaded;
}

/** Tag for `Intl`: Latin digits in every language, so that numbers match keypads and PINs. */
export const intlTag = (): string => `${document.documentElement.lang || 'en'}-u-nu-latn`;
