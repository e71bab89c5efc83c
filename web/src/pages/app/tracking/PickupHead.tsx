import { useTranslation } from 'react-i18next';
import { liveParts, type Order, readyAt, stageOf } from '../../../domain/orders';
import { stateKey, useNow } from '../../../ui';
import { clockTime, money } from '../../../ui/format';
import classes from './tracking.module.css';

/** When it can be fetched, and what is to be paid there. */
export function PickupHead({ order }: { order: Order }) {
  const { t } = useTranslation();
  const now = useNow();
  const parts = liveParts(order);
  const fetched = parts.filter((part) => part.picked_up_at != null).length;
  return (
    <div className={classes.eta} aria-live="polite">
      {/* New words are a new line: one that only grew would count as one that moved. */}
      <p key={headline()} className={classes.headline}>
        {headline()}
      </p>
      <p className={classes.age}>{note()}</p>
    </div>
  );

  function headline(): string {
    if (order.status !== 'CREATED') return t(stateKey(order.status, order.fulfilment));
    const stage = stageOf(order);
    if (stage === 'READY') return t('app.pickup.ready');
    const ready = readyAt(order);
    if (stage === 'NEW' || ready === null) return t('app.pickup.not_accepted');
    if (ready <= now) return t('app.pickup.ready_soon');
    return t('app.pickup.ready_about', { time: `\u2068${clockTime(new Date(ready), new Date(now))}\u2069` });
  }

  function note(): string {
    if (order.status !== 'CREATED') return '';
    if (fetched > 0) return t('app.pickup.some_fetched');
    if (order.payment_mode !== 'COP') return '';
    return t('app.pickup.pay_there', { money: `\u2068${money(order.total, order.currency)}\u2069` });
  }
}
