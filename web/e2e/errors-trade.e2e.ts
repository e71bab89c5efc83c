import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Screen, TestBrowser } from './kit/browser';
import { LANGUAGES, meanwhile, reads } from './kit/errors';
import { PASSWORD, Person, SHOPS } from './kit/people';
import { Server } from './kit/server';

// A server of its own: what no page can change yet (a price, a closure, an inactive account) is changed in its database.
let server: Server;
let browser: TestBrowser;
let seller: Person;
let grill: Person;
beforeAll(async () => {
  server = await Server.start();
  browser = await TestBrowser.open(server.url);
  seller = await Person.signIn(server.url, 'seller5');
  grill = await Person.signIn(server.url, 'seller2');
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

// The browser logs every response that is not a success.
const refusedAnswers = [/40[0-9]|42[0-9]|ERR_FAILED/];
const HOME = { location_lat: 28.502, location_lng: 26.5, location_address: '78 Star Lane' };

async function open(language: (typeof LANGUAGES)[number]): Promise<Screen> {
  const screen = await browser.screen({ width: 390, language });
  screen.tolerated = refusedAnswers;
  return screen;
}

async function newcomer(screen: Screen, name: string): Promise<Person> {
  const person = await Person.register(server.url, name);
  await screen.goto('/');
  await screen.signIn(name);
  await screen.page.locator('[data-page=app]').waitFor();
  return person;
}

const product = (shop: string) =>
  `(select p.id from product p join shop s on s.id = p.shop_id where s.name = '${shop}')`;

it.each(LANGUAGES)('on the landing page, in %s', async (language) => {
  const screen = await open(language);
  const { page } = screen;
  await screen.goto('/');
  const signIn = async (name: string, password: string) => {
    await page.locator('input[name=username]').fill(name);
    await page.locator('input[name=password]').fill(password);
    await page.locator('form button[type=submit]').click();
  };
  await signIn('customer11', 'not this one');
  await reads(screen, 'bad_credentials', 'form');
  server.sql("update users set is_active = false where username = 'customer12'");
  await signIn('customer12', PASSWORD);
  await reads(screen, 'account_inactive', 'form');
  for (let tries = 0; tries < 10; tries += 1) {
    const body = JSON.stringify({ username: `stranger-${language}`, password: 'no' });
    await fetch(`${server.url}/api/auth/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  }
  await signIn(`stranger-${language}`, 'no');
  await reads(screen, 'too_many_requests', 'form');
  // The button counts down to the next try.
  await page.locator('form button[type=submit]:disabled', { hasText: /\d+/ }).waitFor();

  await page.locator('[data-page=landing] [role=radiogroup] label').nth(1).click();
  const register = async (fields: Record<string, string>) => {
    for (const [name, text] of Object.entries(fields)) await page.locator(`form input[name=${name}]`).fill(text);
    await page.locator('form button[type=submit]').click();
  };
  await register({ username: 'customer1', password: PASSWORD });
  await reads(screen, 'username_taken', 'form');
  await register({ username: `new-${language}`, email: 'customer1@example.com' });
  await reads(screen, 'email_taken', 'form');
  await register({ email: '', password: 'short' });
  await reads(screen, 'weak_password', 'form');
  await register({ username: 'a b', email: 'nobody@nowhere', password: PASSWORD });
  await reads(screen, 'invalid', 'form');
  expect(await page.locator('form [aria-invalid=true]').count()).toBe(2);
  screen.clean();
});

it.each(LANGUAGES)('in the cart and at the checkout, in %s', async (language) => {
  const screen = await open(language);
  const { page } = screen;
  const customer = await newcomer(screen, `hungry-${language}`);
  const order = () => page.locator('[data-act=order]').click();
  const cart = async (way: 'delivery' | 'pickup' = 'delivery') => {
    await screen.goto('/app/cart');
    await page.locator('[data-page=cart][data-ready] [data-act=order]').waitFor();
    if (way === 'pickup') await page.locator('[data-way] label').nth(1).click();
    await page.locator(`[data-way=${way}]`).waitFor();
  };
  await customer.fill([SHOPS.seller5]);
  await cart();
  await order();
  await reads(screen, 'location_required');
  await customer.patch('/api/users/me/', HOME);
  await page.locator('[role=radiogroup]').nth(1).locator('label').nth(1).click();
  await order();
  await reads(screen, 'insufficient_funds');
  await meanwhile(screen, '/checkout/', () => customer.putIn([SHOPS.seller1]));
  await order();
  await reads(screen, 'cart_changed');
  await meanwhile(screen, '/checkout/', () => customer.delete('/api/cart/'));
  await order();
  // An empty cart is shown, with a link to the shops.
  await page.locator('main a[href*="/app"]').waitFor();

  // A fault is shown at its shop or line, before and after the press.
  const shop = `where name = '${SHOPS.seller1}'`;
  const line = `where id in ${product(SHOPS.seller1)}`;
  const far = { ...HOME, location_lat: 29.4 };
  const faults: [fault: string, error: string, make: () => unknown, undo: () => unknown][] = [
    [
      'shop_closed',
      'cart_invalid',
      () =>
        server.sql(
          `insert into shop_closure select region, id, now() - interval '1 h', now() + interval '1 h' from shop ${shop}`,
        ),
      () => server.sql('delete from shop_closure'),
    ],
    [
      'out_of_radius',
      'cart_invalid',
      () => customer.patch('/api/users/me/', far),
      () => customer.patch('/api/users/me/', HOME),
    ],
    [
      'below_minimum',
      'cart_invalid',
      () => server.sql(`update shop set minimum_order = 999 ${shop}`),
      () => server.sql(`update shop set minimum_order = 0 ${shop}`),
    ],
    [
      'quantity_out_of_range',
      'cart_invalid',
      () => server.sql(`update product set min_quantity = 9 ${line}`),
      () => server.sql(`update product set min_quantity = 1 ${line}`),
    ],
    [
      'product_gone',
      'cart_invalid',
      () => server.sql(`update product set is_active = false ${line}`),
      () => server.sql(`update product set is_active = true ${line}`),
    ],
    [
      'out_of_stock',
      'out_of_stock',
      () => server.sql(`update stock set on_hand = 1 where product_id in ${product(SHOPS.seller1)}`),
      () => server.sql(`update stock set on_hand = 900 where product_id in ${product(SHOPS.seller1)}`),
    ],
    ['price_changed', 'cart_changed', () => server.sql(`update product set price = price + 1 ${line}`), () => null],
  ];
  for (const [fault, error, make, undo] of faults) {
    await customer.fill([SHOPS.seller1]);
    await make();
    await cart();
    await reads(screen, fault);
    await order();
    await reads(screen, error, '[data-way]');
    await undo();
  }
  await customer.fill([SHOPS.seller1]);
  await cart('pickup');
  await meanwhile(screen, '/checkout/', () => server.sql(`update shop set pickup = false ${shop}`));
  await order();
  await reads(screen, 'no_pickup');
  server.sql(`update shop set pickup = true ${shop}`);
  await customer.fill([SHOPS.seller1, SHOPS.seller5]);
  await cart();
  await meanwhile(screen, '/checkout/', () =>
    server.sql(`update shop set currency = 'EUR' where name = '${SHOPS.seller5}'`),
  );
  await order();
  await reads(screen, 'other_currency');
  server.sql(`update shop set currency = 'USD' where name = '${SHOPS.seller5}'`);
  screen.clean();
});

it.each(LANGUAGES)('at the shops, in %s', async (language) => {
  const screen = await open(language);
  const { page } = screen;
  const customer = await newcomer(screen, `curious-${language}`);
  const { items } = await customer.get<{ items: { id: string; name: string }[] }>('/api/shops/?limit=100');
  const visit = async (name: string) => {
    await screen.goto(`/app/shops/${items.find((one) => one.name === name)?.id}`);
    await page.locator('li [data-act=add]').nth(1).waitFor();
  };
  const first = page.locator('main li').first();
  const add = () => first.locator('[data-act=add]').click();
  await customer.fill([SHOPS.seller1, SHOPS.seller5, 'Night Market']);
  await visit(SHOPS.seller2);
  await add();
  await reads(screen, 'cart_shop_limit', 'main li');
  await customer.delete('/api/cart/');
  await visit(SHOPS.seller2);
  const id = await first.getAttribute('data-id');
  await meanwhile(screen, '/items/', () => customer.post('/api/cart/items/', { product_id: id, quantity: 10 }));
  await add();
  await reads(screen, 'quantity_out_of_range', 'main li');
  await first.locator('output').waitFor();
  await meanwhile(screen, '/', () => customer.delete('/api/cart/'));
  await first.getByRole('button').first().click();
  await reads(screen, 'not_found', 'main li');
  await visit(SHOPS.seller2);
  await meanwhile(screen, '/items/', () => server.sql(`update product set is_active = false where id = '${id}'`));
  await add();
  await reads(screen, 'product_gone', 'main li');
  server.sql(`update product set is_active = true where id = '${id}'`);
  await customer.fill([SHOPS.seller1]);
  await meanwhile(screen, '/items/', () => server.sql(`update product set currency = 'EUR' where id = '${id}'`));
  await add();
  await reads(screen, 'shops_in_two_currencies', 'main li');
  server.sql(`update product set currency = 'USD' where id = '${id}'`);
  await page.route('**/api/cart/items/', (route) => route.abort());
  await add();
  await reads(screen, 'unreachable', 'main li');
  await screen.goto(`/app/shops/${customer.id}`);
  await page.locator('main [role=alert] a').waitFor();
  screen.clean();
});

it.each(LANGUAGES)('with an order under way, in %s', async (language) => {
  const screen = await open(language);
  const { page } = screen;
  const customer = await newcomer(screen, `waiting-${language}`);
  await customer.patch('/api/users/me/', HOME);
  const crew = await Person.signIn(server.url, 'crew8');
  await crew.onDuty(true);
  const order = await customer.order();
  await screen.goto(`/app/orders/${order.id}`);
  await screen.live('tracking');
  await page.locator('[data-act=cancel]').click();
  await meanwhile(screen, '/cancel/', async () => {
    await crew.claim(order.id);
    await crew.advance(order.id);
  });
  await page.locator('[data-act=sure]').click();
  await reads(screen, 'invalid_transition');
  await crew.confirm(order.id, await customer.pin(order.id));
  await page.locator('[data-state=DELIVERED]').first().waitFor();

  server.sql(`update orders set completable_at = now() - interval '1 h' where id = '${order.id}'`);
  await page.reload();
  await meanwhile(screen, '/complete/', () =>
    server.sql(`update orders set completable_at = now() + interval '1 day' where id = '${order.id}'`),
  );
  await page.locator('[data-act=complete]').click();
  await reads(screen, 'too_early');
  // An order of another customer is not found.
  const other = await Person.signIn(server.url, 'customer1');
  const theirs = await other.get<{ items: { id: string }[] }>('/api/orders/?limit=1');
  await screen.goto(`/app/orders/${theirs.items[0]?.id}`);
  await page.locator('[data-page=tracking] [role=alert] a').waitFor();
  screen.clean();
});

it.each(LANGUAGES)('in the shop, in %s', async (language) => {
  const screen = await open(language);
  const { page } = screen;
  const customer = await Person.register(server.url, `fetching-${language}`);
  await page.setViewportSize({ width: 1440, height: 900 });
  await screen.enter('seller5', '/seller');
  const card = async (id: string, state: string) => {
    await page.locator(`[data-id="${id}"][data-state=${state}]`).waitFor();
    return (act: string) => page.locator(`[data-id="${id}"] [data-act=${act}]`).click();
  };
  const gone = await customer.pickUp([SHOPS.seller5]);
  await meanwhile(screen, '/accept/', () => customer.cancel(gone.id));
  await (await card(gone.id, 'NEW'))('accept');
  await reads(screen, 'invalid_transition', '[data-page=seller]');

  const order = await customer.pickUp([SHOPS.seller5, SHOPS.seller2]);
  const press = await card(order.id, 'NEW');
  const own = `[data-id="${order.id}"]`;
  await press('reject');
  await page.locator('input[name=reason]').fill('   ');
  await page.locator('[data-act=sure]').click();
  await reads(screen, 'reason_required', 'form');
  await page.keyboard.press('Escape');
  await page.locator('input[name=reason]').waitFor({ state: 'detached' });
  await meanwhile(screen, '/accept/', () => seller.accept(order.id));
  await press('accept');
  await card(order.id, 'ACCEPTED');
  await reads(screen, 'invalid_transition', own);
  await meanwhile(screen, '/ready/', () => seller.ready(order.id));
  await press('ready');
  await card(order.id, 'READY');
  await reads(screen, 'invalid_transition', own);

  // The other shop still prepares its part; then the PIN is wrong five times.
  await press('hand-over');
  await page.locator('[data-pad=pin]').waitFor();
  await page.keyboard.type('000000');
  await reads(screen, 'no_proof_yet', '[data-pad=pin]');
  await grill.ready(order.id);
  const pin = await customer.pin(order.id);
  const wrong = pin === '000000' ? '111111' : '000000';
  await page.keyboard.type(wrong);
  await reads(screen, 'wrong_pin', '[data-pad=pin]');
  for (let tries = 1; tries < 5; tries += 1) await seller.confirm(order.id, wrong).catch(() => null);
  await page.keyboard.type(pin);
  await reads(screen, 'proof_locked', '[data-pad=pin]');
  screen.clean();
});

it.each(LANGUAGES)('over a page whose session ended elsewhere, in %s', async (language) => {
  const screen = await open(language);
  await screen.enter('customer13', '/app');
  await screen.page.locator('[data-page=app]').waitFor();
  const me = await Person.signIn(server.url, 'customer13');
  await me.post('/api/auth/logout/', { all: true });
  await screen.page.locator('[data-overlay=revoked] input[name=password]').fill('not this one');
  await screen.page.locator('[data-overlay=revoked] button[type=submit]').click();
  await reads(screen, 'bad_credentials', '[data-overlay=revoked]');
  screen.clean();
});
