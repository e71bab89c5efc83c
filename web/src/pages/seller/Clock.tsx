import { useTranslation } from 'react-i18next';
import type { Part } from '../../domain/shops/parts';
import { useNow } from '../../ui';
import { minutesSeconds } from '../../ui/format';
import classes from './seller.module.css';

/** Time left for this part, by the server's clock; at the counter, who it waits for. */
export function Clock({ part }: { part: Part }) {
  const { t } = useTranslation();
  const now = useNow();
  if (part.prep_status === 'READY') return <p className={classes.clock}>{waitsFor()}</p>;
  const due = part.prep_status === 'NEW' ? part.accept_by : part.ready_at;
  if (!due) return null;
  const left = Date.parse(due) - now;
  const time = minutesSeconds(Math.abs(left));
  const key = left < 0 ? 'late' : part.prep_status === 'NEW' ? 'accept_within' : 'ready_in';
  return (
    <p className={classes.clock} data-late={left < 0 || undefined}>
      {t(`seller.${key}`, { left: time, late: time })}
    </p>
  );

  function waitsFor(): string {
    if (part.fulfilment === 'pickup') return t('seller.waits');
    return part.crew ? t('seller.crew_comes', { name: part.crew.first_name }) : t('seller.no_crew');
  }
}
