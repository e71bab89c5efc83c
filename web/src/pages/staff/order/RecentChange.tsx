import { IconUsers } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { HistoryItem } from '../../../domain/orders';
import { useNow, When } from '../../../ui';
import classes from '../staff.module.css';

const LATELY_MS = 60_000;
const STAFF = ['staff', 'admin', 'superadmin'];

/** That a colleague had a hand in this order a moment ago. `own` are the numbers of one's own deeds. */
export function Lately({ items, own }: { items: HistoryItem[]; own: ReadonlySet<number> }) {
  const { t, i18n } = useTranslation();
  const now = useNow();
  const last = items.findLast((item) => STAFF.includes(item.actor_role ?? ''));
  if (!last?.at || own.has(last.offset ?? 0) || now - Date.parse(last.at) > LATELY_MS) return null;
  const what = i18n.exists(`orders.event.${last.type}`) ? t(`orders.event.${last.type}`) : t('orders.event.other');
  return (
    <p className={classes.lately} role="status" data-lately={last.type}>
      <IconUsers size={18} aria-hidden />
      <span>
        {t('staff.colleague', { what })} · <When at={last.at} />
      </span>
    </p>
  );
}
