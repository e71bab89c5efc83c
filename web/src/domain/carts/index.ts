import { api } from '../../api/client';

export type CartProblem = { code: string; product_id?: string | null };
export type CartItem = {
  id: string;
  product_id: string;
  name: string;
  quantity: number;
  price: string;
  currency?: string;
  problems?: CartProblem[];
};
export type CartShop = {
  shop_id: string;
  name: string;
  items: CartItem[];
  subtotal: string;
  delivery_fee: string | null;
  problems: CartProblem[];
};
export type Cart = {
  shops: CartShop[];
  subtotal: string;
  delivery_fee: string;
  /** Goods and delivery. */
  total: string;
  currency: string;
  version: number;
};

export const cartQuery = () => ({ queryKey: ['cart'], queryFn: () => api.get<Cart>('/api/cart/') });
export const addItem = (product_id: string, quantity: number) =>
  api.post<Cart>('/api/cart/items/', { product_id, quantity });
export const setQuantity = (id: string, quantity: number) => api.patch<Cart>(`/api/cart/items/${id}/`, { quantity });
export const removeItem = (id: string) => api.delete<Cart | null>(`/api/cart/items/${id}/`);

export const countItems = (cart: Cart | undefined): number =>
  (cart?.shops ?? []).reduce((sum, shop) => sum + shop.items.reduce((all, item) => all + item.quantity, 0), 0);

export type Wallet = { balance: string; held_balance: string; currency: string };
export const walletQuery = () => ({ queryKey: ['wallet'], queryFn: () => api.get<Wallet>('/api/wallet/') });
