//! The kit's theme and the CSS variables of the tokens: `--w-<surface>` and `--w-<state>-{text,tint,dot}`.
import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from '@mantine/core';
import { ORDER_STATES, type Scheme, stateTones, surfaces } from './tokens';

// From the light theme's accent to the dark one's: shade 7 fills on light, shade 4 on dark.
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

// The kit's greys of the dark theme, on our own surfaces.
const dark: MantineColorsTuple = [
  '#E8EDF2',
  '#C4CDD6',
  '#A3B0BD',
  '#8794A2',
  '#3A4552',
  '#2B343F',
  '#1F262F',
  '#171C23',
  '#0F1318',
  '#0A0D11',
];

// White is not readable on the dark theme's accent: the text on it follows the theme.
const variants: VariantColorsResolver = (input) => {
  const colours = defaultVariantColorsResolver(input);
  const isPrimary = input.color === undefined || input.color === input.theme.primaryColor;
  if (input.variant === 'filled' && isPrimary) return { ...colours, color: 'var(--w-onAccent)' };
  // Danger has its own measured pair.
  if (input.color === 'red') {
    const text = 'var(--w-DELIVERY_FAILED-text)';
    if (input.variant === 'filled') return { ...colours, background: text, hover: text, color: 'var(--w-surface)' };
    return { ...colours, color: text, hover: 'var(--w-DELIVERY_FAILED-tint)' };
  }
  return colours;
};

export const theme = createTheme({
  variantColorResolver: variants,
  primaryColor: 'tide',
  primaryShade: { light: 7, dark: 4 },
  colors: { tide, dark },
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
