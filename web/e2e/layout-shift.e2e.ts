import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Look, type Screen, TestBrowser } from './kit/browser';
import { measureShift, shifted } from './kit/layoutShift';
import { Person, SHOPS } from './kit/people';

let browser: TestBrowser;
let customer: Person;
let seller: Person;
let crew: Person;
beforeAll(async () => {
  browser = await TestBrowser.open();
  customer = await Person.signIn(browser.url, 'customer16');
  seller = await Person.signIn(browser.url, 'seller1');
  crew = await Person.signIn(browser.url, 'crew10');
  await crew.emptyHanded();
  await crew.onDuty(true);
  await crew.ping(28.501, 26.5);
});
afterAll(() => browser?.close());

const looks: Look[] = [
  { width: 1440, language: 'en' },
  { width: 390, language: 'ar', theme: 'dark' },
];

async function open(look: Look, name: string | null, path: string): Promise<Screen> {
  const screen = await browser.screen(look);
  await measureShift(screen.page);
  if (name === null) await screen.goto(path);
  else await screen.enter(name, path);
  return screen;
}

/** Two frames after a message everything that it moves has moved. */
async function nothingMoved(screen: Screen) {
  await screen.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  const { sum, by } = await shifted(screen.page);
  expect(sum, by.join('\n')).toBeLessThanOrEqual(0.02);
  screen.clean();
}

it.each(looks)('nothing moves on the landing page: %o', async (look) => {
  const screen = await open(look, null, '/');
  await screen.page.locator('[data-page=landing][data-ready] [data-id=customer1]').waitFor();
  await screen.page.evaluate(() => document.fonts.ready);
  await nothingMoved(screen);
});

it.each(looks)("nothing moves on a customer's home page while an order is carried: %o", async (look) => {
  const order = await customer.order();
  const screen = await open(look, 'customer16', '/app');
  const row = (state: string) => screen.page.locator(`[data-id="${order.id}"][data-state=${state}]`).waitFor();
  await screen.page.locator('li[data-state=open]').first().waitFor();
  await row('CREATED');
  await crew.claim(order.id);
  await row('PROCESSING');
  await crew.advance(order.id);
  await row('SHIPPED');
  await crew.confirm(order.id, await customer.pin(order.id));
  await row('DELIVERED');
  await nothingMoved(screen);
});

it.each(looks)("nothing moves on an order's page until it is delivered: %o", async (look) => {
  const order = await customer.order();
  const screen = await open(look, 'customer16', `/app/orders/${order.id}`);
  await screen.live('tracking');
  await screen.page.locator('[data-map=ready]').waitFor();
  await crew.claim(order.id);
  await screen.page.locator('[data-state=PROCESSING][data-track=live]').waitFor();
  await crew.ping(28.5012, 26.5003);
  await screen.page.locator('[data-position=coarse]').waitFor();
  await crew.advance(order.id);
  await screen.page.locator('[data-proof]').waitFor();
  await crew.ping(28.5013, 26.5004);
  await screen.page.locator('[data-position=exact]').waitFor();
  await crew.confirm(order.id, await customer.pin(order.id));
  await screen.page.locator('[data-page=tracking][data-state=DELIVERED]').waitFor();
  await nothingMoved(screen);
});

it.each(looks)("nothing moves on a pickup's page until it is picked up: %o", async (look) => {
  const order = await customer.pickUp([SHOPS.seller1]);
  const screen = await open(look, 'customer16', `/app/orders/${order.id}`);
  await screen.live('tracking');
  await screen.page.locator('[data-map=ready]').waitFor();
  await seller.accept(order.id);
  await screen.page.locator('[data-step=ACCEPTED]').waitFor();
  await seller.ready(order.id);
  await screen.page.locator('[data-proof]').waitFor();
  await seller.confirm(order.id, await customer.pin(order.id));
  await screen.page.locator('[data-step=PICKED_UP]').waitFor();
  await nothingMoved(screen);
});

it.each(looks)("nothing moves on the shop's page while orders come in: %o", async (look) => {
  const first = await customer.pickUp([SHOPS.seller1]);
  const screen = await open(look, 'seller1', '/seller');
  const card = (id: string, state: string) => screen.page.locator(`[data-id="${id}"][data-state=${state}]`).waitFor();
  await card(first.id, 'NEW');
  const second = await customer.pickUp([SHOPS.seller1]);
  await card(second.id, 'NEW');
  await nothingMoved(screen);
  for (const one of [first, second]) await customer.cancel(one.id);
});
