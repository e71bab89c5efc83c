import { api } from '../../api/client';
import type { Wire } from '../../api/wire';
import type { Page } from '../orders';

export type Shop = Wire<'Shop'>;
export type Product = {
  id: string;
  shop_id: string;
  name: string;
  name_ar?: string | null;
  description?: string | null;
  price: string;
  final_price?: string | null;
  currency: string;
  stock: number;
  min_quantity: number;
  max_quantity: number | null;
};
type Spot = { lat: number; lng: number };

export const shopsQuery = (near: Spot | null) => ({
  queryKey: ['shops', near],
  queryFn: () =>
    api.get<Page<Shop>>('/api/shops/', {
      limit: 50,
      ...(near ? { lat: near.lat, lng: near.lng, radius_m: 8000 } : {}),
    }),
});
export const shopQuery = (id: string) => ({
  queryKey: ['shop', id],
  queryFn: () => api.get<Shop>(`/api/shops/${id}/`),
});
export const hoursQuery = (id: string) => ({
  queryKey: ['shop-hours', id],
  queryFn: () => api.get<Wire<'OpeningHours'>>(`/api/shops/${id}/hours/`),
});
export const productsQuery = (shop: string) => ({
  queryKey: ['products', shop],
  queryFn: () => api.get<Page<Product>>('/api/product/products/', { shop, limit: 100 }),
});
