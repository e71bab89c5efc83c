import { Button, SegmentedControl } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../../api/problem';
import {
  type Cart,
  type CartItem,
  type CartGroup as Group,
  removeItem,
  validate,
  walletQuery,
} from '../../../domain/carts';
import { type CheckoutInput, checkout, type Fault, faultsIn } from '../../../domain/carts/checkout';
import type { Fulfilment } from '../../../domain/orders';
import { useUser } from '../../../session';
import { ErrorLine, Money } from '../../../ui';
import { money } from '../../../ui/format';
import classes from '../app.module.css';
import { CartGroup } from './CartGroup';

const WAYS = ['delivery', 'pickup'] as const satisfies Fulfilment[];

/** From the cart to the order: delivery or pickup, payment, and the faults that are in the way. */
export function Checkout({ cart }: { cart: Cart }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const user = useUser();
  const wallet = useQuery(walletQuery());
  const [chosen, setChosen] = useState<Fulfilment>('delivery');
  const [cash, setCash] = useState(true);
  const [tip, setTip] = useState('0');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const offered = WAYS.filter((way) => cart.shops.every((shop) => shop[way]));
  const way = offered.includes(chosen) ? chosen : (offered[0] ?? 'delivery');
  const pickup = way === 'pickup';
  const cashMode = pickup ? 'COP' : 'COD';
  const order = async () => {
    setBusy(true);
    setError(null);
    try {
      const wanted: CheckoutInput = {
        fulfilment: way,
        payment_mode: cash ? cashMode : 'WALLET',
        cart_version: cart.version,
        ...(tip === '0' || pickup ? {} : { tip }),
      };
      const placed = await checkout(wanted);
      await Promise.all([
        cache.invalidateQueries({ queryKey: ['cart'] }),
        cache.invalidateQueries({ queryKey: ['orders'] }),
      ]);
      await navigate({ to: '/app/orders/$id', params: { id: placed.id }, replace: true });
    } catch (caught) {
      setError(caught);
      await reload(caught);
    } finally {
      setBusy(false);
    }
  };
  // A change is shown once; after that the cart may be ordered with it.
  const reload = async (caught: unknown) => {
    const isChanged = caught instanceof ApiError && caught.code === 'cart_changed';
    const next = isChanged ? await validate().catch(() => null) : null;
    if (next) cache.setQueryData(['cart'], next);
    else await cache.invalidateQueries({ queryKey: ['cart'] });
  };
  const remove = async (item: CartItem) => {
    setError(null);
    const next = await removeItem(item.id).catch((caught: unknown) => {
      setError(caught);
      return null;
    });
    if (next) cache.setQueryData(['cart'], next);
    else await cache.invalidateQueries({ queryKey: ['cart'] });
  };
  return (
    <>
      {cart.shops.map((group) => (
        <CartGroup
          key={group.shop_id}
          group={group}
          faults={faultsOf(group, way, error)}
          onRemove={(item) => void remove(item)}
        />
      ))}
      <section className={classes.group} data-way={way}>
        {offered.length === 2 ? (
          <SegmentedControl
            fullWidth
            value={way}
            onChange={setChosen}
            aria-label={t('app.fulfilment')}
            data={WAYS.map((value) => ({ value, label: t(`orders.way.${value}`) }))}
          />
        ) : (
          <p className={classes.note}>{t(offered[0] ? `app.only_${offered[0]}` : 'app.only_apart')}</p>
        )}
        <p className={classes.sum}>
          <span>{t(pickup ? 'app.pick_up_at' : 'app.deliver_to')}</span>
          {pickup ? (
            <span dir="auto">{cart.shops.map((shop) => shop.name).join(' · ')}</span>
          ) : user?.location_lat == null ? (
            <Link to="/app">{t('app.choose_place')}</Link>
          ) : (
            <span dir="auto">{user.location_address ?? ''}</span>
          )}
        </p>
        <SegmentedControl
          fullWidth
          value={cash ? 'cash' : 'WALLET'}
          onChange={(value) => setCash(value === 'cash')}
          aria-label={t('app.pay_with')}
          data={[
            { value: 'cash', label: t(`orders.pay.${cashMode}`) },
            { value: 'WALLET', label: t('orders.pay.WALLET') },
          ]}
        />
        {wallet.data && (
          <p className={classes.note}>
            {t('app.wallet_free', { money: money(wallet.data.balance, wallet.data.currency) })}
            {Number(wallet.data.held_balance) > 0 &&
              ` · ${t('app.wallet_held', { money: money(wallet.data.held_balance, wallet.data.currency) })}`}
          </p>
        )}
        {!pickup && (
          <>
            <p className={classes.label}>{t('app.tip')}</p>
            <SegmentedControl
              fullWidth
              value={tip}
              onChange={setTip}
              aria-label={t('app.tip')}
              data={['0', '1', '2', '3'].map((value) => ({ value, label: value }))}
            />
            <p className={classes.sum}>
              <span>{t('orders.fee')}</span>
              <Money amount={cart.delivery_fee} currency={cart.currency} />
            </p>
          </>
        )}
        <p className={classes.sum}>
          <strong>{t('orders.total')}</strong>
          <strong>
            <Money amount={pickup ? cart.subtotal : cart.total} currency={cart.currency} />
          </strong>
        </p>
        <ErrorLine error={error} />
        <Button mih={56} fullWidth disabled={busy} onClick={() => void order()} data-act="order">
          {busy ? t('app.placing') : t('app.place_order')}
        </Button>
      </section>
    </>
  );
}

/** What keeps a shop's part from being ordered this way: known beforehand, or named by the server's answer. */
function faultsOf(group: Group, way: Fulfilment, error: unknown): Fault[] {
  const known: Fault[] = group.problems.filter((one) => way === 'delivery' || one.code !== 'out_of_radius');
  const isKnown = (fault: Fault) =>
    known.some((one) => one.code === fault.code && (one.product_id ?? null) === (fault.product_id ?? null));
  return [...known, ...faultsIn(error, group.shop_id).filter((fault) => !isKnown(fault))];
}
