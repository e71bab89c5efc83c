//! The kit's theme and the CSS variables of the tokens: `--w-<surface>` and `--w-<state>-{text,tint,dot}`.
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';
import { ORDER_STATES, type Scheme, stateTones, surfaces } from './tokens';

// From the accent of the light theme to that of the dark one: shade 7 fills on light, shade 4 on dark.
const tide: MantineColorsTuple = [
  '#E0F2F6',
  '#C2E7EE',
  '#9ADBE6',
  '#6BD0E0',
  '#3BC9DB',
  '#1FA9BE',
  '#138CA3',
  '#0E7490',
  '#0B5F77',
  '#084A5D',
];

export const theme = createTheme({
  primaryColor: 'tide',
  primaryShade: { light: 7, dark: 4 },
  colors: { tide },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: 8,
  fontFamily: "'Inter Variable', 'Vazirmatn Variable', system-ui, sans-serif",
  headings: { fontFamily: "'Inter Variable', 'Vazirmatn Variable', system-ui, sans-serif", fontWeight: '650' },
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  respectReducedMotion: true,
  cursorType: 'pointer',
});

function variables(scheme: Scheme): Record<string, string> {
  const ground = surfaces[scheme];
  const out: Record<string, string> = {};
  for (const [name, colour] of Object.entries(ground)) out[`--w-${name}`] = colour;
  for (const state of ORDER_STATES) {
    const tone = stateTones[scheme][state];
    out[`--w-${state}-text`] = tone.text;
    out[`--w-${state}-tint`] = tone.tint;
    out[`--w-${state}-dot`] = tone.dot;
  }
  out['--mantine-color-body'] = ground.page;
  out['--mantine-color-text'] = ground.ink;
  out['--mantine-color-dimmed'] = ground.muted;
  out['--mantine-color-placeholder'] = ground.faint;
  out['--mantine-color-default'] = ground.surface;
  out['--mantine-color-default-color'] = ground.ink;
  out['--mantine-color-bright'] = ground.ink;
  out['--mantine-color-default-border'] = ground.line;
  out['--mantine-color-error'] = stateTones[scheme].DELIVERY_FAILED.text;
  return out;
}

export const resolver: CSSVariablesResolver = () => ({
  variables: {},
  light: variables('light'),
  dark: variables('dark'),
});
