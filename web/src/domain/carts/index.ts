import { answer, api } from '../../api/client';
import type { Schema } from '../../api/schemas';

export type Cart = Schema<'Cart'>;
export type CartGroup = Schema<'CartGroup'>;
export type CartItem = Schema<'CartItem'>;

export const cartQuery = () => ({ queryKey: ['cart'], queryFn: () => answer(api.GET('/api/cart/')) });

export const addItem = (product_id: string, quantity: number) =>
  answer(api.POST('/api/cart/items/', { body: { product_id, quantity } }));
export const setQuantity = (id: string, quantity: number) =>
  answer(api.PATCH('/api/cart/items/{id}/', { params: { path: { id } }, body: { quantity } }));
export const removeItem = (id: string) => answer(api.DELETE('/api/cart/items/{id}/', { params: { path: { id } } }));

/** The cart checked again: prices that changed are named once more, and count as seen afterwards. */
export const validate = () => answer(api.POST('/api/cart/validate/', { body: {} }));

export const countItems = (cart: Cart | undefined): number =>
  (cart?.shops ?? []).reduce((sum, shop) => sum + shop.items.reduce((all, item) => all + item.quantity, 0), 0);

export const walletQuery = () => ({ queryKey: ['wallet'], queryFn: () => answer(api.GET('/api/wallet/')) });
