import { answer, api } from '../../api/client';
import type { Schema } from '../../api/schemas';

export type Shop = Schema<'Shop'>;
export type Product = Schema<'Product'>;
type Spot = { lat: number; lng: number };

const RADIUS_M = 8000;

export const shopsQuery = (near: Spot | null) => ({
  queryKey: ['shops', near],
  queryFn: () =>
    answer(api.GET('/api/shops/', { params: { query: { limit: 50, ...(near && { ...near, radius_m: RADIUS_M }) } } })),
});
export const shopQuery = (id: string) => ({
  queryKey: ['shop', id],
  queryFn: () => answer(api.GET('/api/shops/{id}/', { params: { path: { id } } })),
});
export const hoursQuery = (id: string) => ({
  queryKey: ['shop-hours', id],
  queryFn: () => answer(api.GET('/api/shops/{id}/hours/', { params: { path: { id } } })),
});
export const productsQuery = (shop: string) => ({
  queryKey: ['products', shop],
  queryFn: () => answer(api.GET('/api/product/products/', { params: { query: { shop, limit: 100 } } })),
});
