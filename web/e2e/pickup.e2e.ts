import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAccessible } from './kit/axe';
import { type Look, TestBrowser } from './kit/browser';
import { Person, SHOPS } from './kit/people';

let browser: TestBrowser;
let customer: Person;
let baker: Person;
let grill: Person;
beforeAll(async () => {
  browser = await TestBrowser.open();
  customer = await Person.signIn(browser.url, 'customer9');
  baker = await Person.signIn(browser.url, 'seller1');
  grill = await Person.signIn(browser.url, 'seller2');
});
afterAll(() => browser?.close());

it('a customer chooses pickup, and the page follows the order at the counter', async () => {
  await customer.fill([SHOPS.seller1]);
  const cart = await customer.get<{ subtotal: string; total: string }>('/api/cart/');
  expect(cart.total).not.toBe(cart.subtotal);
  const screen = await browser.screen({ width: 390 });
  const channels: string[] = [];
  screen.page.on('websocket', (socket) => socket.on('framesent', (frame) => channels.push(String(frame.payload))));
  await screen.enter('customer9', '/app/cart');
  await screen.page.locator('[data-way=delivery]').waitFor();
  await screen.page.getByText('Pickup', { exact: true }).click();
  const form = screen.page.locator('[data-way=pickup]');
  await form.waitFor();
  const words = await form.textContent();
  expect(words).toContain(SHOPS.seller1);
  expect(words).toContain(cart.subtotal);
  expect(words).not.toContain(cart.total);
  expect(words).not.toContain('Tip');
  await screen.page.locator('[data-act=order]').click();
  await screen.page.waitForURL(/\/app\/orders\//);
  await screen.live('tracking');
  const id = new URL(screen.page.url()).pathname.split('/').pop() ?? '';
  const step = (name: string) => screen.page.locator(`[data-step=${name}]`).waitFor();
  await step('NEW');
  await screen.page.getByText('Open round the clock').waitFor();
  await screen.page.getByText('73 Star Lane').waitFor();

  await baker.accept(id, 20);
  await step('ACCEPTED');
  await screen.page.getByText(/^Ready at about/).waitFor();
  expect(await screen.page.locator('output[data-pin]').count()).toBe(0);
  await baker.ready(id);
  await step('READY');
  const pin = await screen.page.locator('output[data-pin]').getAttribute('data-pin');
  expect(pin).toMatch(/^\d{6}$/);
  expect(await screen.page.locator('[data-act=cancel]').count()).toBe(1);
  expect(await screen.page.locator('main').textContent()).not.toMatch(/crew|deliver/i);

  await baker.confirm(id, pin ?? '');
  await screen.page.locator('[data-page=tracking][data-state=DELIVERED]').waitFor();
  await step('PICKED_UP');
  expect(await screen.page.locator('output[data-pin]').count()).toBe(0);
  expect(channels.filter((frame) => frame.includes('"track:'))).toEqual([]);
  screen.clean();
});

it('two shops hand over their parts by the same PIN, and the last one delivers', async () => {
  const order = await customer.pickUp([SHOPS.seller1, SHOPS.seller2]);
  for (const shop of [baker, grill]) await shop.accept(order.id);
  const screen = await browser.screen({ width: 390, language: 'ar', theme: 'dark' });
  await screen.enter('customer9', `/app/orders/${order.id}`);
  await screen.live('tracking');
  await baker.ready(order.id);
  const part = (at: number) => screen.page.locator(`[data-id="${order.shop_orders[at]?.shop_id}"]`);
  await screen.page.locator(`[data-id="${order.shop_orders[0]?.shop_id}"][data-state=READY]`).waitFor();
  // The other shop still prepares its part: there is no PIN yet.
  expect(await screen.page.locator('output[data-pin]').count()).toBe(0);
  await grill.ready(order.id);
  const shown = screen.page.locator('output[data-pin]');
  await shown.waitFor();
  const pin = (await shown.getAttribute('data-pin')) ?? '';

  await baker.confirm(order.id, pin);
  await part(0).and(screen.page.locator('[data-state=PICKED_UP]')).waitFor();
  expect(await shown.getAttribute('data-pin')).toBe(pin);
  expect(await screen.page.locator('[data-page=tracking]').getAttribute('data-state')).toBe('CREATED');
  // What was picked up cannot be cancelled.
  expect(await screen.page.locator('[data-act=cancel]').count()).toBe(0);
  await grill.confirm(order.id, pin);
  await part(1).and(screen.page.locator('[data-state=PICKED_UP]')).waitFor();
  await screen.page.locator('[data-page=tracking][data-state=DELIVERED]').waitFor();
  screen.clean();
});

const looks: Look[] = [
  { width: 1440, theme: 'light', language: 'en' },
  { width: 390, theme: 'dark', language: 'ar' },
  { width: 390, theme: 'light', language: 'fr' },
];

it.each(looks)('every state is accessible: %o', async (look) => {
  const order = await customer.pickUp([SHOPS.seller1]);
  const screen = await browser.screen(look);
  await customer.fill([SHOPS.seller2]);
  await screen.enter('customer9', '/app/cart');
  await screen.page.locator('[data-way=delivery] label').nth(1).click();
  await screen.page.locator('[data-way=pickup]').waitFor();
  await isAccessible(screen.page);
  await screen.enter('customer9', `/app/orders/${order.id}`);
  await screen.page.locator('[data-step=NEW]').waitFor();
  await isAccessible(screen.page);
  await baker.ready(order.id);
  await screen.page.locator('output[data-pin]').waitFor();
  await isAccessible(screen.page);
  await baker.confirm(order.id, await customer.pin(order.id));
  await screen.page.locator('[data-step=PICKED_UP]').waitFor();
  await isAccessible(screen.page);
  screen.clean();
});
