import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import arShell from './ar';
import arWork from './ar/work';
import enShell from './en';
import enWork from './en/work';
import frShell from './fr';
import frWork from './fr/work';

const en = { ...enShell, ...enWork };
const ar = { ...arShell, ...arWork };
const fr = { ...frShell, ...frWork };

const plural = /_(zero|one|two|few|many|other)$/;

/** Keys of a language as dotted paths; the forms of a plural are one key. */
function keysOf(words: object, path = ''): string[] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? keysOf(value, `${path}${key}.`)
      : [`${path}${key.replace(plural, '')}`],
  );
}

function formsOf(words: object, path = ''): string[] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null ? formsOf(value, `${path}${key}.`) : [`${path}${key}`],
  );
}

function textAt(words: object, key: string): unknown {
  return key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], words);
}

const sources = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !entry.name.includes('.test.') ? [readFileSync(path, 'utf8')] : [];
  });

const english = new Set(keysOf(en));

it.each([
  ['ar', ar, ['zero', 'one', 'two', 'few', 'many', 'other']],
  ['fr', fr, ['one', 'many', 'other']],
] as const)('%s says everything English says, in all its plurals', (_, words, forms) => {
  expect(new Set(keysOf(words))).toEqual(english);
  const all = new Set(formsOf(words));
  const counted = formsOf(en)
    .filter((key) => key.endsWith('_other'))
    .map((key) => key.replace(plural, ''));
  const missing = counted.flatMap((key) => forms.map((form) => `${key}_${form}`)).filter((key) => !all.has(key));
  expect(missing).toEqual([]);
});

it('every language uses the same values in a sentence', () => {
  const values = (text: unknown) => [...String(text).matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();
  for (const words of [ar, fr]) {
    for (const key of formsOf(en).filter((one) => !plural.test(one))) {
      expect([key, ...values(textAt(words, key))]).toEqual([key, ...values(textAt(en, key))]);
    }
  }
});

it('every key that the code names exists', () => {
  const named = sources(join(import.meta.dirname, '..')).flatMap((text) =>
    [...text.matchAll(/\bt\(\s*'([\w.]+)'/g)].map((match) => match[1] as string),
  );
  expect(named.length).toBeGreaterThan(80);
  expect(named.filter((key) => !english.has(key))).toEqual([]);
});

it('every error of the catalogue has a sentence in every language', () => {
  const slugs = Object.keys(en.errors).sort();
  expect(slugs.length).toBeGreaterThan(50);
  for (const words of [ar, fr]) expect(Object.keys(words.errors).sort()).toEqual(slugs);
  for (const words of [en, ar, fr]) {
    for (const [slug, { title, detail }] of Object.entries(words.errors)) {
      expect([slug, title === '', detail === '']).toEqual([slug, false, false]);
    }
  }
});
