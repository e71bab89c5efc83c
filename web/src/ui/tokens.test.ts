import { describe, expect, it } from 'vitest';
import { ORDER_STATES, type Scheme, stateTones, surfaces } from './tokens';

function luminance(hex: string): number {
  const part = (at: number) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const least = { light: { text: 5.5, dot: 4.0 }, dark: { text: 6.9, dot: 5.6 } };

describe.each<Scheme>(['light', 'dark'])('%s', (scheme) => {
  const ground = surfaces[scheme];

  it.each(ORDER_STATES)('%s reads on its tint and stands out on the map', (state) => {
    const tone = stateTones[scheme][state];
    // The design's figures are rounded to one digit.
    expect(contrast(tone.text, tone.tint)).toBeGreaterThanOrEqual(least[scheme].text - 0.05);
    expect(contrast(tone.dot, ground.land)).toBeGreaterThanOrEqual(least[scheme].dot - 0.05);
  });

  it('has text that reads on every surface', () => {
    for (const under of [ground.page, ground.surface, ground.raised, ground.land]) {
      for (const text of [ground.ink, ground.muted, ground.faint]) {
        expect(contrast(text, under)).toBeGreaterThanOrEqual(4.5);
      }
      expect(contrast(ground.line, under)).toBeGreaterThanOrEqual(3);
    }
    expect(contrast(ground.accent, ground.surface)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(ground.onAccent, ground.accent)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(ground.accent, ground.accentTint)).toBeGreaterThanOrEqual(4.5);
  });
});
