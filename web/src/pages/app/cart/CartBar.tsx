import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { cartQuery, countItems } from '../../../domain/carts';
import { Money } from '../../../ui';
import classes from '../app.module.css';

/** The link to the cart, at the bottom while it holds something. */
export function CartBar() {
  const { t } = useTranslation();
  const cart = useQuery(cartQuery());
  const count = countItems(cart.data);
  if (!cart.data || count === 0) return null;
  return (
    <Link to="/app/cart" className={classes.cartBar} data-act="cart">
      <span>{t('app.cart_n', { count })}</span>
      <Money amount={cart.data.total} currency={cart.data.currency} />
    </Link>
  );
}
