//! Money, distances and ages as text. Pages never calculate with money: they show the string they received.
import type { TFunction } from 'i18next';
import { intlTag } from '../i18n';

/** A decimal string in its currency's form, with every digit. */
export function money(amount: string, currency: string, tag = intlTag()): string {
  const format = new Intl.NumberFormat(tag, { style: 'currency', currency, currencyDisplay: 'code' });
  // A string is formatted exactly, a number would be rounded first.
  return format.format(amount as `${number}`).replace(/\u00a0/g, ' ');
}

/** Metres as people say them: 450 m, 1.2 km. */
export function distance(metres: number, t: TFunction): string {
  if (metres < 995) return t('common.distance.m', { value: Math.max(10, Math.round(metres / 10) * 10) });
  const value = new Intl.NumberFormat(intlTag(), { maximumFractionDigits: 1 }).format(metres / 1000);
  return t('common.distance.km', { value });
}

/** How long ago, in minutes above one minute; `null` after an hour, where the clock time says more. */
export function ago(ms: number, t: TFunction): string | null {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 3) return t('common.ago.now');
  if (seconds < 60) return t('common.ago.seconds', { count: seconds });
  if (seconds < 3600) return t('common.ago.minutes', { count: Math.floor(seconds / 60) });
  return null;
}

/** 72 s as 1:12, for countdowns and durations. */
export function minutesSeconds(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const rest = String(seconds % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** Hour and minute; with the day when that is not today. */
export function clockTime(at: Date, now: Date, tag = intlTag()): string {
  const sameDay = at.toDateString() === now.toDateString();
  return new Intl.DateTimeFormat(
    tag,
    sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' },
  ).format(at);
}
