import { useTranslation } from 'react-i18next';
import type { Order, ShopOrder } from '../../../domain/orders';
import { Money, useTint } from '../../../ui';
import { Opening } from './Opening';
import classes from './tracking.module.css';

/** What was ordered at each shop, and the state of its part. */
export function Stops({ order }: { order: Order }) {
  const { t } = useTranslation();
  return (
    <section aria-label={t('app.tracking.shops')} className={classes.parts}>
      {order.shop_orders.map((part) => (
        <Part key={part.id} part={part} order={order} />
      ))}
      {order.delivery_fee && order.fulfilment === 'delivery' && (
        <p className={classes.sum}>
          <span>{t('orders.fee')}</span>
          <Money amount={order.delivery_fee} currency={order.currency} />
        </p>
      )}
      {order.tip && Number(order.tip) > 0 && (
        <p className={classes.sum}>
          <span>{t('orders.tip')}</span>
          <Money amount={order.tip} currency={order.currency} />
        </p>
      )}
      <p className={classes.sum}>
        <strong>
          {t('orders.total')} · {t(`orders.pay.${order.payment_mode}`)}
        </strong>
        <strong>
          <Money amount={order.total} currency={order.currency} />
        </strong>
      </p>
    </section>
  );
}

function Part({ part, order }: { part: ShopOrder; order: Order }) {
  const { t } = useTranslation();
  const state = part.picked_up_at ? 'PICKED_UP' : part.prep_status;
  const tint = useTint<HTMLDivElement>(state);
  return (
    <div ref={tint} className={classes.part} data-id={part.shop_id} data-state={state}>
      <p className={classes.partHead}>
        <strong dir="auto">{part.name}</strong>
        {/* Of a cancelled order only a rejection still matters. */}
        {(order.status !== 'CANCELLED' || state === 'REJECTED') && <span>{t(`orders.prep.${state}`)}</span>}
      </p>
      {order.fulfilment === 'pickup' && order.status !== 'CANCELLED' && state !== 'REJECTED' && (
        <>
          <p className={classes.counter}>
            <bdi>{part.address}</bdi>
          </p>
          <Opening shop={part.shop_id} />
        </>
      )}
      <ul>
        {part.lines.map((line) => (
          <li key={line.id}>
            <bdi>{line.name}</bdi>
            <span className={classes.price}>
              <span className="number">{line.quantity} ×</span> <Money amount={line.price} currency={order.currency} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
