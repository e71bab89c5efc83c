import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Order } from '../../../domain/orders';
import { Money, StateChip, useTint, When } from '../../../ui';
import classes from '../app.module.css';

export function OrderRow({ order }: { order: Order }) {
  const { t } = useTranslation();
  const tint = useTint<HTMLLIElement>(order.status);
  return (
    <li ref={tint} className={classes.row} data-id={order.id} data-state={order.status}>
      <Link to="/app/orders/$id" params={{ id: order.id }} className={classes.rowLink}>
        <span className={classes.rowHead}>
          <strong>
            <bdi>{order.code ?? order.id.slice(-6)}</bdi>
          </strong>
          <StateChip state={order.status} fulfilment={order.fulfilment} />
        </span>
        <span className={classes.rowSub}>
          <span>{t('orders.shops', { count: order.shop_orders.length })}</span>
          <Money amount={order.total} currency={order.currency} />
          <When at={order.placed_at} />
        </span>
      </Link>
    </li>
  );
}
