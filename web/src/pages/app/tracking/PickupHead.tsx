import { useTranslation } from 'react-i18next';
import { liveParts, type Order, readyAt, stageOf } from '../../../domain/orders';
import { stateKey, useNow } from '../../../ui';
import { clockTime, money } from '../../../ui/format';
import classes from './tracking.module.css';

/** When the order can be picked up, and what has to be paid there. */
export function PickupHead({ order }: { order: Order }) {
  const { t } = useTranslation();
  const now = useNow();
  const parts = liveParts(order);
  const pickedUp = parts.filter((part) => part.picked_up_at != null).length;
  return (
    <div className={classes.eta} aria-live="polite">
      {/* A key per text: an element that only grew would count as a layout shift. */}
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
    if (pickedUp > 0) return t('app.pickup.some_picked_up');
    if (order.payment_mode !== 'COP') return '';
    return t('app.pickup.pay_there', { money: `\u2068${money(order.total, order.currency)}\u2069` });
  }
}
