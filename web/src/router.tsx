//! Every page by its address. Filters, selection and views stand in the address too.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router';
import { atWork, type Language } from './i18n';
import { DoorPage } from './pages/landing/LandingPage';
import { NothingThere } from './pages/frame/NothingThere';
import { Root } from './pages/frame/Root';

type RootSearch = { slot?: string; as?: string };
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const compact = <T extends object>(search: T): T =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;

const root = createRootRoute({
  component: Root,
  notFoundComponent: NothingThere,
  validateSearch: (search: Record<string, unknown>): RootSearch =>
    compact<RootSearch>({ slot: text(search.slot), as: text(search.as) } as RootSearch),
  // The slot is who this tab is: it goes along wherever the tab goes.
  search: { middlewares: [retainSearchParams(['slot'])] },
});

const door = createRoute({ getParentRoute: () => root, path: '/', component: DoorPage });

const app = createRoute({
  getParentRoute: () => root,
  path: 'app',
  component: lazyRouteComponent(() => import('./pages/app/AppFrame'), 'AppFrame'),
});
const home = createRoute({
  getParentRoute: () => app,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/app/home/HomePage'), 'HomePage'),
});
const shop = createRoute({
  getParentRoute: () => app,
  path: 'shops/$id',
  component: lazyRouteComponent(() => import('./pages/app/shop/ShopPage'), 'ShopPage'),
});
const cart = createRoute({
  getParentRoute: () => app,
  path: 'cart',
  component: lazyRouteComponent(() => import('./pages/app/cart/CartPage'), 'CartPage'),
});
const order = createRoute({
  getParentRoute: () => app,
  path: 'orders/$id',
  component: lazyRouteComponent(() => import('./pages/app/tracking/TrackingPage'), 'TrackingPage'),
});

const crew = createRoute({
  getParentRoute: () => root,
  path: 'crew',
  component: lazyRouteComponent(() => atWork(import('./pages/crew/CrewPage')), 'CrewPage'),
});

const seller = createRoute({
  getParentRoute: () => root,
  path: 'seller',
  component: lazyRouteComponent(() => atWork(import('./pages/seller/SellerPage')), 'SellerPage'),
});

export type StaffSearch = {
  view?: 'board' | 'table' | 'crews' | 'map';
  order?: string;
  crew?: string;
  find?: string;
  only?: 'attention';
  /** the one column that a narrow screen shows */
  column?: 'CREATED' | 'PROCESSING' | 'SHIPPED' | 'over';
  heat?: true;
};
const oneOf = <T extends string>(value: unknown, of: readonly T[]): T | undefined => of.find((one) => one === value);
const staff = createRoute({
  getParentRoute: () => root,
  path: 'staff',
  validateSearch: (search: Record<string, unknown>): StaffSearch =>
    compact<StaffSearch>({
      view: oneOf(search.view, ['board', 'table', 'crews', 'map']),
      order: text(search.order),
      crew: text(search.crew),
      find: text(search.find),
      only: oneOf(search.only, ['attention']),
      column: oneOf(search.column, ['CREATED', 'PROCESSING', 'SHIPPED', 'over']),
      heat: search.heat === true ? true : undefined,
    } as StaffSearch),
  component: lazyRouteComponent(() => atWork(import('./pages/staff/StaffPage')), 'StaffPage'),
});

const tree = root.addChildren([door, app.addChildren([home, shop, cart, order]), crew, seller, staff]);

export function makeRouter(language: Language) {
  return createRouter({ routeTree: tree, basepath: `/${language}`, defaultPreload: 'intent', scrollRestoration: true });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
