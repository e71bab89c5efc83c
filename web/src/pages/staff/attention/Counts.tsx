import { useTranslation } from 'react-i18next';
import { type Card, waitsForCrew } from '../../../domain/staff';
import type { Positions } from '../../../live';
import { useNow } from '../../../ui';
import { minutesSeconds } from '../../../ui/format';
import { useDots } from '../crews/useCrews';
import classes from '../staff.module.css';

export function Counts({ created, positions }: { created: Card[]; positions: Positions }) {
  const { t } = useTranslation();
  const now = useNow();
  useDots(positions);
  const dots = positions.all();
  const waiting = created.filter(waitsForCrew);
  const oldest = waiting[0];
  const onDuty = dots.filter((dot) => dot.status !== 'off_duty').length;
  const silent = dots.filter((dot) => dot.status === 'stale').length;
  return (
    <p className={classes.counts} data-on-duty={onDuty}>
      <span>{t('staff.counts.waiting', { count: waiting.length })}</span>
      {oldest && <span>{t('staff.counts.oldest', { age: minutesSeconds(now - Date.parse(oldest.placed_at)) })}</span>}
      <span>{t('staff.counts.on_duty', { count: onDuty })}</span>
      <span data-warn={silent > 0 || undefined}>{t('staff.counts.silent', { count: silent })}</span>
    </p>
  );
}
