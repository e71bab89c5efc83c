import { api } from '../../api/client';
import type { Wire } from '../../api/wire';

export type Cart = Wire<'Cart'>;
export type CartShop = Wire<'CartGroup'>;
export type CartItem = Wire<'CartItem'>;

export const cartQuery = () => ({ queryKey: ['cart'], queryFn: () => api.get<Cart>('/api/cart/') });
export const addItem = (product_id: string, quantity: number) =>
  api.post<Cart>('/api/cart/items/', { product_id, quantity });
export const setQuantity = (id: string, quantity: number) => api.patch<Cart>(`/api/cart/items/${id}/`, { quantity });
/** The cart looked at again: prices that had changed are named once more, and are seen then. */
export const validate = () => api.post<Cart>('/api/cart/validate/');
export const removeItem = (id: string) => api.delete<Cart | null>(`/api/cart/items/${id}/`);

export const countItems = (cart: Cart | undefined): number =>
  (cart?.shops ?? []).reduce((sum, shop) => sum + shop.items.reduce((all, item) => all + item.quantity, 0), 0);

export const walletQuery = () => ({
  queryKey: ['wallet'],
  queryFn: () => api.get<Wire<'WalletAnswer'>>('/api/wallet/'),
});
