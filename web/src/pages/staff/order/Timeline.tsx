import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type HistoryItem, historyQuery } from '../../../domain/orders';
import { When } from '../../../ui';
import classes from '../staff.module.css';

/** What happened so far; loaded again when the channel has a new offset. */
export function useHistory(id: string, version: number): HistoryItem[] {
  const query = historyQuery(id);
  const history = useQuery({ ...query, queryKey: [...query.queryKey, version], placeholderData: keepPreviousData });
  return history.data?.items ?? [];
}

/** What happened, in the order of the channel's offsets. */
export function Timeline({ items }: { items: HistoryItem[] }) {
  const { t, i18n } = useTranslation();
  return (
    <section aria-labelledby="timeline">
      <h3 id="timeline">{t('staff.timeline')}</h3>
      <ol className={classes.timeline}>
        {items.map((item) => (
          <li key={`${item.offset ?? ''} ${item.type} ${item.at}`} data-type={item.type}>
            <span>
              {i18n.exists(`orders.event.${item.type}`) ? t(`orders.event.${item.type}`) : t('orders.event.other')}
              {item.actor_role && i18n.exists(`staff.by.${item.actor_role}`) && (
                <small> · {t(`staff.by.${item.actor_role}`)}</small>
              )}
              {item.note && <small dir="auto"> · {item.note}</small>}
            </span>
            {item.at && <When at={item.at} />}
          </li>
        ))}
      </ol>
    </section>
  );
}
