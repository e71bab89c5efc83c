import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { isOver, myOrdersQuery, type Order } from '../../../domain/orders';
import { shopsQuery } from '../../../domain/shops';
import { useUser } from '../../../session';
import { Empty, ErrorScreen, Loading, TopBar } from '../../../ui';
import classes from '../app.module.css';
import { CartBar } from '../cart/CartBar';
import { OrderRow } from './OrderRow';
import { PlacePicker } from './PlacePicker';
import { ShopList } from './ShopList';

/** Orders under way first, then shops by distance, then past orders. */
export function HomePage() {
  const { t } = useTranslation();
  const user = useUser();
  const orders = useQuery(myOrdersQuery());
  const lat = user?.location_lat;
  const lng = user?.location_lng;
  const near = lat != null && lng != null ? { lat, lng } : null;
  const shops = useQuery({ ...shopsQuery(near), enabled: near !== null });
  // An order that ends while it is shown stays in place: what a person is about to press must not move.
  const seen = useRef(new Set<string>());
  const isUnderWay = (order: Order) => !isOver(order.status) || seen.current.has(order.id);
  const active = orders.data?.items.filter(isUnderWay) ?? [];
  const past = orders.data?.items.filter((order) => !isUnderWay(order)) ?? [];
  for (const order of active) seen.current.add(order.id);
  // Shown together: a list that came later would push the others down.
  if (orders.isPending || (near !== null && shops.isPending)) {
    return (
      <div className={classes.page} data-page="app">
        <TopBar title={t('app.title')} />
        <main className={classes.main}>
          <Loading rows={5} />
        </main>
      </div>
    );
  }
  return (
    <div className={classes.page} data-page="app">
      <TopBar title={t('app.title')} />
      <main className={classes.main}>
        <section aria-labelledby="active">
          <h2 id="active">{t('app.active')}</h2>
          {orders.isError && <ErrorScreen error={orders.error} again={() => void orders.refetch()} />}
          {orders.isSuccess && active.length === 0 && <Empty title={t('app.no_orders')} />}
          <ul className={classes.list}>
            {active.map((order) => (
              <OrderRow key={order.id} order={order} />
            ))}
          </ul>
        </section>
        <section aria-labelledby="shops">
          <h2 id="shops">
            {t('app.shops_near')}{' '}
            {user?.location_address && <small dir="auto">{t('app.shops_of', { place: user.location_address })}</small>}
          </h2>
          {near ? <ShopList near={near} /> : <PlacePicker />}
        </section>
        {past.length > 0 && (
          <section aria-labelledby="past">
            <h2 id="past">{t('app.past')}</h2>
            <ul className={classes.list}>
              {past.map((order) => (
                <OrderRow key={order.id} order={order} />
              ))}
            </ul>
          </section>
        )}
      </main>
      <CartBar />
    </div>
  );
}
