import { ActionIcon, Button, SegmentedControl } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Cart, type CartItem, cartQuery, removeItem, walletQuery } from '../../domain/carts';
import { checkout } from '../../domain/carts/checkout';
import { useUser } from '../../session';
import { Empty, Loading, Money, RefusalLine, Refused, TopBar } from '../../ui';
import { money } from '../../ui/format';
import classes from './app.module.css';
import { Back } from './Back';

/** Cart and checkout on one page. */
export function CartPage() {
  const { t } = useTranslation();
  const cart = useQuery(cartQuery());
  return (
    <div className={classes.page} data-page="cart">
      <TopBar title={t('app.cart')} start={<Back />} />
      <main className={classes.main}>
        {cart.isPending && <Loading />}
        {cart.isError && <Refused error={cart.error} again={() => void cart.refetch()} />}
        {cart.data && cart.data.shops.length === 0 && (
          <Empty title={t('app.cart_empty')}>
            <Link to="/app">{t('app.to_shops')}</Link>
          </Empty>
        )}
        {cart.data && cart.data.shops.length > 0 && <Checkout cart={cart.data} />}
      </main>
    </div>
  );
}

function Checkout({ cart }: { cart: Cart }) {
  const { t, i18n } = useTranslation();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const user = useUser();
  const wallet = useQuery(walletQuery());
  const [pay, setPay] = useState<'COD' | 'WALLET'>('COD');
  const [tip, setTip] = useState('0');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const order = async () => {
    setBusy(true);
    setError(null);
    try {
      const ask = { fulfilment: 'delivery' as const, payment_mode: pay, cart_version: cart.version };
      const placed = await checkout(tip === '0' ? ask : { ...ask, tip });
      await Promise.all([
        cache.invalidateQueries({ queryKey: ['cart'] }),
        cache.invalidateQueries({ queryKey: ['orders'] }),
      ]);
      await navigate({ to: '/app/orders/$id', params: { id: placed.id }, replace: true });
    } catch (refused) {
      setError(refused);
      await cache.invalidateQueries({ queryKey: ['cart'] });
    } finally {
      setBusy(false);
    }
  };
  const remove = async (item: CartItem) => {
    const next = await removeItem(item.id).catch((refused: unknown) => {
      setError(refused);
      return null;
    });
    if (next) cache.setQueryData(['cart'], next);
    else await cache.invalidateQueries({ queryKey: ['cart'] });
  };
  const problem = (code: string) =>
    i18n.exists(`refusals.${code}`) ? t(`refusals.${code}`) : t('refusals.other', { code });
  return (
    <>
      {cart.shops.map((group) => (
        <section key={group.shop_id} className={classes.group} data-id={group.shop_id}>
          <h2 dir="auto">{group.name}</h2>
          {group.problems.map((one) => (
            <p key={`${one.code} ${one.product_id ?? ''}`} className={classes.trouble} role="alert">
              {problem(one.code)}
            </p>
          ))}
          <ul className={classes.list}>
            {group.items.map((item) => (
              <li key={item.id} className={classes.product} data-id={item.id}>
                <span>
                  <span className="number">{item.quantity} ×</span> <span dir="auto">{item.name}</span>
                  <br />
                  <Money amount={item.price} currency={item.currency ?? cart.currency} />
                </span>
                <ActionIcon
                  size={48}
                  variant="subtle"
                  color="gray"
                  aria-label={t('app.less_of', { name: item.name })}
                  onClick={() => void remove(item)}
                >
                  <IconTrash size={20} aria-hidden />
                </ActionIcon>
              </li>
            ))}
          </ul>
          <p className={classes.sum}>
            <span>{t('app.subtotal')}</span>
            <Money amount={group.subtotal} currency={cart.currency} />
          </p>
        </section>
      ))}
      <section className={classes.group}>
        <p className={classes.sum}>
          <span>{t('app.deliver_to')}</span>
          <span dir="auto">{user?.location_address ?? ''}</span>
        </p>
        <SegmentedControl
          fullWidth
          value={pay}
          onChange={(value) => setPay(value as typeof pay)}
          aria-label={t('app.pay_with')}
          data={(['COD', 'WALLET'] as const).map((value) => ({ value, label: t(`orders.pay.${value}`) }))}
        />
        {wallet.data && (
          <p className={classes.note}>
            {t('app.wallet_free', { money: money(wallet.data.balance, wallet.data.currency) })}
            {Number(wallet.data.held_balance) > 0 &&
              ` · ${t('app.wallet_held', { money: money(wallet.data.held_balance, wallet.data.currency) })}`}
          </p>
        )}
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
        <p className={classes.sum}>
          <strong>{t('orders.total')}</strong>
          <strong>
            <Money amount={cart.total} currency={cart.currency} />
          </strong>
        </p>
        <RefusalLine error={error} />
        <Button mih={56} fullWidth disabled={busy} onClick={() => void order()} data-act="order">
          {busy ? t('app.placing') : t('app.place_order')}
        </Button>
      </section>
    </>
  );
}
