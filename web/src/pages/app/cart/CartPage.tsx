import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { cartQuery } from '../../../domain/carts';
import { Empty, ErrorScreen, Loading, TopBar } from '../../../ui';
import classes from '../app.module.css';
import { Back } from '../Back';
import { Checkout } from './Checkout';

/** Cart and checkout on one page. */
export function CartPage() {
  const { t } = useTranslation();
  const cart = useQuery(cartQuery());
  return (
    <div className={classes.page} data-page="cart" data-ready={cart.isSuccess || undefined}>
      <TopBar title={t('app.cart')} start={<Back />} />
      <main className={classes.main}>
        {cart.isPending && <Loading />}
        {cart.isError && <ErrorScreen error={cart.error} again={() => void cart.refetch()} />}
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
