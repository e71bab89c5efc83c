import { expect, it } from 'vitest';
import { filled } from './catalogue';

it('fills a sentence from the members of its error, and only as a whole', () => {
  const text = 'At most {limit} of {all}.';
  expect(filled(text, { limit: 5, all: '7' })).toBe('At most 5 of 7.');
  expect(filled(text, { limit: 5 })).toBeNull();
  expect(filled('Nothing to fill.', {})).toBe('Nothing to fill.');
});
