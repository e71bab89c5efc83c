//! People with verbs, by REST: what others do while a page is watched.
import type { Schema } from '../../src/api/schemas';

export const PASSWORD = 'wassally-demo';

export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly body: { code?: string; [member: string]: unknown },
  ) {
    super(`${status} ${body.code ?? ''}`);
  }
}

export type Order = Schema<'Order'>;
/** Shops of the demo that never close, by their sellers. */
export const SHOPS = { seller1: 'Corner Bakery', seller2: 'River Grill', seller5: 'Moonlight Sweets' } as const;

export class Person {
  private constructor(
    readonly url: string,
    readonly name: string,
    readonly id: string,
    private readonly access: string,
  ) {}

  static async signIn(url: string, name: string): Promise<Person> {
    const answer = await fetch(`${url}/api/auth/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: name, password: PASSWORD }),
    });
    if (!answer.ok) throw new HttpError(answer.status, await answer.json());
    const { user, access }: Schema<'SignedIn'> = await answer.json();
    return new Person(url, name, user.id, access);
  }

  /** A new customer without an address. */
  static async register(url: string, username: string): Promise<Person> {
    const answer = await fetch(`${url}/api/auth/register/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: PASSWORD, user_type: 'customer' }),
    });
    if (!answer.ok) throw new HttpError(answer.status, await answer.json());
    return Person.signIn(url, username);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.access}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(this.url + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.text();
    const json = text === '' ? null : JSON.parse(text);
    if (!answer.ok) throw new HttpError(answer.status, json ?? {});
    return json;
  }

  get = <T>(path: string) => this.call<T>('GET', path);
  post = <T>(path: string, body: unknown = {}) => this.call<T>('POST', path, body);
  patch = <T>(path: string, body: unknown) => this.call<T>('PATCH', path, body);
  delete = (path: string) => this.call<null>('DELETE', path);

  /** An order of one product from a shop that is open now, paid on delivery. */
  async order(): Promise<Order> {
    const me = await this.get<Schema<'User'>>('/api/users/me/');
    const shops = await this.get<Schema<'Page_Shop'>>(
      `/api/shops/?lat=${me.location_lat}&lng=${me.location_lng}&radius_m=8000`,
    );
    await this.delete('/api/cart/');
    for (const shop of shops.items.filter((one) => one.is_open)) {
      const products = await this.get<Schema<'Page_Product'>>(`/api/product/products/?shop=${shop.id}&limit=100`);
      // The cheapest: a crew that delivers many orders in a file must stay below its cash limit.
      const [product] = products.items
        .filter((one) => one.stock > 10 && Number(one.price) > 0)
        .sort((a, b) => Number(a.price) - Number(b.price));
      if (!product) continue;
      // Enough of it for the minimum order of any shop.
      await this.post('/api/cart/items/', { product_id: product.id, quantity: Math.max(5, product.min_quantity) });
      try {
        return await this.post<Order>('/api/orders/checkout/', { fulfilment: 'delivery', payment_mode: 'COD' });
      } catch (error) {
        if (!(error instanceof HttpError) || error.status >= 500) throw error;
        await this.delete('/api/cart/');
      }
    }
    throw new Error('no shop took the order');
  }

  /** An order of one product from each of these shops, picked up there, and paid there unless told otherwise. */
  async pickUp(shops: readonly string[], payment_mode: 'COP' | 'WALLET' = 'COP'): Promise<Order> {
    await this.fill(shops);
    return this.post<Order>('/api/orders/checkout/', { fulfilment: 'pickup', payment_mode });
  }

  /** A cart with one product of each of these shops and nothing else. */
  async fill(shops: readonly string[]): Promise<void> {
    await this.delete('/api/cart/');
    await this.putIn(shops);
  }

  /** Adds one product of each of these shops to the cart. */
  async putIn(shops: readonly string[]): Promise<void> {
    const all = await this.get<Schema<'Page_Shop'>>('/api/shops/?limit=100');
    for (const name of shops) {
      const shop = all.items.find((one) => one.name === name);
      const products = await this.get<Schema<'Page_Product'>>(`/api/product/products/?shop=${shop?.id}&limit=100`);
      const product = products.items.find((one) => one.stock > 10 && Number(one.price) > 0);
      if (!product) throw new Error(`${name} sells nothing`);
      await this.post('/api/cart/items/', { product_id: product.id, quantity: Math.max(5, product.min_quantity) });
    }
  }

  accept = (order: string, prep_minutes = 15) => this.post(`/api/orders/${order}/accept/`, { prep_minutes });
  ready = (order: string) => this.post(`/api/orders/${order}/ready/`);
  onDuty = (on_duty: boolean) => this.patch('/api/delivery/me/', { on_duty });
  ping = (lat: number, lng: number) =>
    this.post<Schema<'Taken'>>('/api/delivery/pings/', {
      pings: [{ lat, lng, at: new Date().toISOString(), accuracy_m: 5 }],
    });
  /** Pings until it is believed: a jump from where the demo put this crew seconds ago is implausible the first times. */
  async isAt(lat: number, lng: number): Promise<void> {
    while ((await this.ping(lat, lng)).accepted === 0);
  }
  claim = (order: string) => this.post(`/api/delivery/orders/${order}/claim/`);
  release = (order: string) => this.post(`/api/delivery/orders/${order}/release/`, { reason: 'test' });
  advance = (order: string) => this.post(`/api/delivery/orders/${order}/advance/`);
  confirm = (order: string, pin: string) => this.post(`/api/orders/${order}/proof/confirm/`, { pin });
  pin = async (order: string) => (await this.get<Schema<'Proof'>>(`/api/orders/${order}/proof/`)).pin;
  cancel = (order: string) => this.post(`/api/orders/${order}/cancel/`, { reason: 'test' });

  /** Gives back what earlier tests left, so that this crew may claim again. */
  async emptyHanded(): Promise<void> {
    const me = await this.get<Schema<'CrewState'>>('/api/delivery/me/');
    for (const job of me.active) await this.release(job.order_id).catch(() => null);
  }
}
