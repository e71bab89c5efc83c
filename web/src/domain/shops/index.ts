import { api } from '../../api/client';
import type { Page } from '../orders';

export type Shop = {
  id: string;
  name: string;
  name_ar?: string | null;
  description?: string | null;
  category_name?: string;
  address?: unknown;
  lat: number;
  lng: number;
  is_open: boolean;
  distance_m?: number | null;
  delivery_fee?: string | null;
  minimum_order?: string | null;
  prep_minutes?: number | null;
  currency?: string;
};
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
export const productsQuery = (shop: string) => ({
  queryKey: ['products', shop],
  queryFn: () => api.get<Page<Product>>('/api/product/products/', { shop, limit: 100 }),
});
