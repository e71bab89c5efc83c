//! The design's colours, once: theme.ts turns them into CSS variables, tokens.test.ts measures every pair.
import type { Schema } from '../api/schemas';

/** States of an order; each has a colour, an icon and a word, never one alone. */
export const ORDER_STATES = [
  'CREATED',
  'PROCESSING',
  'SHIPPED',
  'DELIVERED',
  'COMPLETED',
  'CANCELLED',
  'DELIVERY_FAILED',
  'RETURNED_TO_SHOP',
] as const satisfies readonly Schema<'OrderStatus'>[];
export type OrderState = Schema<'OrderStatus'>;

export type Tone = { text: string; tint: string; dot: string };

const tone = (text: string, tint: string, dot: string): Tone => ({ text, tint, dot });

export const stateTones: Record<'light' | 'dark', Record<OrderState, Tone>> = {
  light: {
    CREATED: tone('#8A4B00', '#FFF1D6', '#B45F06'),
    PROCESSING: tone('#5B3DB8', '#EFEAFE', '#6D4AD1'),
    SHIPPED: tone('#0B5CAD', '#E2F0FE', '#0F6CC4'),
    DELIVERED: tone('#0B6B45', '#DDF6EA', '#0E7F53'),
    COMPLETED: tone('#3D5560', '#E6EEF1', '#4C6A77'),
    CANCELLED: tone('#5A5F66', '#ECEEF0', '#6B7178'),
    DELIVERY_FAILED: tone('#B3261E', '#FDE7E5', '#C62F26'),
    RETURNED_TO_SHOP: tone('#85412A', '#F9E9E2', '#9A4E34'),
  },
  dark: {
    CREATED: tone('#FFC46B', '#3A2A10', '#F0A030'),
    PROCESSING: tone('#C3B2FF', '#2A2346', '#9B84F5'),
    SHIPPED: tone('#8CC8FF', '#12304D', '#3D9BF0'),
    DELIVERED: tone('#6FE0AE', '#0F3528', '#2DB983'),
    COMPLETED: tone('#AEC6D0', '#203038', '#7F9DAA'),
    CANCELLED: tone('#B4BAC1', '#2A2F35', '#8B929A'),
    DELIVERY_FAILED: tone('#FFA79E', '#45191A', '#EF6A5E'),
    RETURNED_TO_SHOP: tone('#EDB49C', '#3B241B', '#CF8768'),
  },
};

export const surfaces = {
  light: {
    page: '#F7F8FA',
    surface: '#FFFFFF',
    raised: '#FFFFFF',
    land: '#EEF1F4',
    ink: '#16202B',
    muted: '#536170',
    faint: '#5F6D7C',
    line: '#7F8C9A',
    hair: '#DDE2E8',
    accent: '#0E7490',
    onAccent: '#FFFFFF',
    accentTint: '#E0F2F6',
  },
  dark: {
    page: '#0F1318',
    surface: '#171C23',
    raised: '#1F262F',
    land: '#141920',
    ink: '#E8EDF2',
    muted: '#A3B0BD',
    faint: '#8794A2',
    line: '#657484',
    hair: '#2B343F',
    accent: '#3BC9DB',
    onAccent: '#06262C',
    accentTint: '#10323A',
  },
} as const;

export type Scheme = keyof typeof surfaces;
