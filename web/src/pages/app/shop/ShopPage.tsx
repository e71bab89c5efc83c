import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { addItem, type Cart, cartQuery, removeItem, setQuantity } from '../../../domain/carts';
import { type Product, productsQuery, shopQuery } from '../../../domain/shops';
import { Empty, ErrorScreen, Loading, TopBar } from '../../../ui';
import { nameOf } from '../../../ui/name';
import classes from '../app.module.css';
import { Back } from '../Back';
import { CartBar } from '../cart/CartBar';
import { ProductRow } from './ProductRow';

export function ShopPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/app/shops/$id' });
  const cache = useQueryClient();
  const shop = useQuery(shopQuery(id));
  const products = useQuery(productsQuery(id));
  const cart = useQuery(cartQuery());
  const lines = new Map(cart.data?.shops.flatMap((group) => group.items).map((item) => [item.product_id, item]));

  const change = async (product: Product, quantity: number) => {
    const line = lines.get(product.id);
    try {
      let next: Cart;
      if (!line) next = await addItem(product.id, quantity);
      else if (quantity < product.min_quantity) next = await removeItem(line.id);
      else next = await setQuantity(line.id, quantity);
      cache.setQueryData(['cart'], next);
    } finally {
      // Also after an error: the cart is not what this page took it for.
      await cache.invalidateQueries({ queryKey: ['cart'] });
    }
  };
  return (
    <div className={classes.page} data-page="shop">
      <TopBar title={<span dir="auto">{shop.data ? nameOf(shop.data) : ''}</span>} start={<Back />} />
      <main className={classes.main}>
        {shop.data?.description && (
          <p className={classes.about}>
            <bdi>{shop.data.description}</bdi>
          </p>
        )}
        {shop.data && !shop.data.is_open && <p className={classes.closed}>{t('app.closed')}</p>}
        {products.isPending && <Loading />}
        {shop.isError && (
          <ErrorScreen error={shop.error} again={() => void shop.refetch()}>
            <Link to="/app">{t('app.to_shops')}</Link>
          </ErrorScreen>
        )}
        {products.isError && !shop.isError && (
          <ErrorScreen error={products.error} again={() => void products.refetch()} />
        )}
        {shop.data && products.data?.items.length === 0 && <Empty title={t('app.no_products')} />}
        <ul className={classes.list}>
          {products.data?.items.map((product) => (
            <ProductRow
              key={product.id}
              product={product}
              quantity={lines.get(product.id)?.quantity ?? 0}
              onChange={(quantity) => change(product, quantity)}
            />
          ))}
        </ul>
      </main>
      <CartBar />
    </div>
  );
}
