//! Every page by its address. Filters, selection and views are part of the address too.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router';
import { atWork, type Language } from './i18n';
import { NothingThere } from './pages/frame/NothingThere';
import { Root } from './pages/frame/Root';
import { LandingPage } from './pages/landing/LandingPage';
import { readStaffSearch } from './pages/staff/search';
import { compact, text } from './search';

type RootSearch = { slot?: string | undefined; as?: string | undefined };

const root = createRootRoute({
  component: Root,
  notFoundComponent: NothingThere,
  validateSearch: (search: Record<string, unknown>): RootSearch =>
    compact({ slot: text(search.slot), as: text(search.as) }),
  // The slot says which person this tab is: every link keeps it.
  search: { middlewares: [retainSearchParams(['slot'])] },
});

const landing = createRoute({ getParentRoute: () => root, path: '/', component: LandingPage });

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

const staff = createRoute({
  getParentRoute: () => root,
  path: 'staff',
  validateSearch: readStaffSearch,
  component: lazyRouteComponent(() => atWork(import('./pages/staff/StaffPage')), 'StaffPage'),
});

const tree = root.addChildren([landing, app.addChildren([home, shop, cart, order]), crew, seller, staff]);

export function makeRouter(language: Language) {
  return createRouter({ routeTree: tree, basepath: `/${language}`, defaultPreload: 'intent', scrollRestoration: true });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
