import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { hoursQuery } from '../../../domain/shops';
import { openingOf } from '../../../domain/shops/hours';
import { intlTag } from '../../../i18n';
import { useNow } from '../../../ui';
import classes from './tracking.module.css';

// 2001 began on a Monday: its first days serve as the days of a week.
const dayOf = (day: number, clock: string) => new Date(`2001-01-0${day}T${clock}:00Z`);

/** Until when a shop's counter is open, or from when. */
export function Opening({ shop }: { shop: string }) {
  const { t } = useTranslation();
  const now = useNow();
  const hours = useQuery(hoursQuery(shop));
  return <p className={classes.opening}>{hours.data && words(openingOf(hours.data, now))}</p>;

  function words(opening: ReturnType<typeof openingOf>): string {
    if (opening.kind === 'always') return t('app.pickup.always');
    if (opening.kind === 'closed') return t('app.closed');
    const day = opening.kind === 'opens_at' ? opening.day : null;
    const form = new Intl.DateTimeFormat(intlTag(), {
      hour: 'numeric',
      minute: '2-digit',
      timeZone: 'UTC',
      ...(day === null ? {} : { weekday: 'long' }),
    });
    return t(`app.pickup.${opening.kind}`, { time: `\u2068${form.format(dayOf(day ?? 1, opening.time))}\u2069` });
  }
}
