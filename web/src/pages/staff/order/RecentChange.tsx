import { IconUsers } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { HistoryItem } from '../../../domain/orders';
import { useNow, When } from '../../../ui';
import classes from '../staff.module.css';

const RECENT_MS = 60_000;
const STAFF = ['staff', 'admin', 'superadmin'];

/** Says that a colleague changed this order a moment ago. `own` are the offsets of one's own commands. */
export function RecentChange({ items, own }: { items: HistoryItem[]; own: ReadonlySet<number> }) {
  const { t, i18n } = useTranslation();
  const now = useNow();
  const last = items.findLast((item) => STAFF.includes(item.actor_role ?? ''));
  if (!last?.at || own.has(last.offset) || now - Date.parse(last.at) > RECENT_MS) return null;
  const what = i18n.exists(`orders.event.${last.type}`) ? t(`orders.event.${last.type}`) : t('orders.event.other');
  return (
    <p className={classes.recent} role="status" data-recent={last.type}>
      <IconUsers size={18} aria-hidden />
      <span>
        {t('staff.colleague', { what })} · <When at={last.at} />
      </span>
    </p>
  );
}
