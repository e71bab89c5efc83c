import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMeta } from '../../../api/meta';
import { shopsQuery } from '../../../domain/shops';
import { Distance, Empty, ErrorScreen, Loading } from '../../../ui';
import { money } from '../../../ui/format';
import { nameOf } from '../../../ui/name';
import classes from '../app.module.css';

export function ShopList({ near }: { near: { lat: number; lng: number } }) {
  const { t } = useTranslation();
  const shops = useQuery(shopsQuery(near));
  const currency = useMeta().data?.currency ?? 'USD';
  if (shops.isPending) return <Loading rows={3} />;
  if (shops.isError) return <ErrorScreen error={shops.error} again={() => void shops.refetch()} />;
  if (shops.data.items.length === 0) return <Empty title={t('app.no_shops')} />;
  return (
    <ul className={classes.shops}>
      {shops.data.items.map((shop) => (
        <li key={shop.id} data-id={shop.id} data-state={shop.is_open ? 'open' : 'closed'} className={classes.shop}>
          <Link to="/app/shops/$id" params={{ id: shop.id }} className={classes.rowLink}>
            <span className={classes.rowHead}>
              <strong dir="auto">{nameOf(shop)}</strong>
              {shop.distance_m != null && <Distance metres={shop.distance_m} />}
            </span>
            <span className={classes.rowSub}>
              <span className={shop.is_open ? undefined : classes.closed}>
                {t(shop.is_open ? 'app.open' : 'app.closed')}
              </span>
              {shop.delivery_fee != null && (
                <span>{t('app.fee', { money: money(shop.delivery_fee, shop.currency ?? currency) })}</span>
              )}
              {shop.prep_minutes != null && <span>{t('app.minutes', { minutes: shop.prep_minutes })}</span>}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
