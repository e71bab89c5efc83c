import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestBrowser } from './kit/browser';
import { Person } from './kit/people';

let browser: TestBrowser;
let crew: Person;
beforeAll(async () => {
  browser = await TestBrowser.open();
  crew = await Person.signIn(browser.url, 'crew4');
  await crew.emptyHanded();
  await crew.onDuty(true);
  await crew.ping(28.501, 26.5);
});
afterAll(() => browser?.close());

it('a customer orders and follows the order until it is delivered by its PIN', async () => {
  const screen = await browser.screen({ width: 390 });
  const frames: string[] = [];
  screen.page.on('websocket', (socket) => socket.on('framereceived', (frame) => frames.push(String(frame.payload))));
  await (await Person.signIn(browser.url, 'customer4')).delete('/api/cart/');
  await screen.enter('customer4', '/app');
  await screen.page.locator('li[data-state=open] a').first().click();
  await screen.page.locator('[data-page=shop]').waitFor();
  const add = screen.page.locator('[data-act=add]');
  await add.first().waitFor();
  for (let i = 0; i < 3; i += 1) {
    await add.first().click();
    await screen.page.locator('output').nth(i).waitFor();
  }
  await screen.page.locator('[data-act=cart]').click();
  await screen.page.locator('[data-act=order]').click();
  await screen.page.waitForURL(/\/app\/orders\//);
  await screen.live('tracking');
  const id = new URL(screen.page.url()).pathname.split('/').pop() ?? '';
  const page = screen.page.locator('[data-page=tracking]');
  expect(await page.getAttribute('data-state')).toBe('CREATED');
  const positions = () => frames.filter((frame) => frame.includes('"position"') && frame.includes('"lat"')).length;
  expect(positions()).toBe(0);

  await crew.claim(id);
  await screen.page.locator('[data-page=tracking][data-state=PROCESSING][data-track=live]').waitFor();
  await crew.ping(28.5012, 26.5003);
  await screen.page.locator('[data-position=coarse]').waitFor();

  await crew.advance(id);
  await screen.page.locator('[data-page=tracking][data-state=SHIPPED]').waitFor();
  const pin = await screen.page.locator('output[data-pin]').getAttribute('data-pin');
  expect(pin).toMatch(/^\d{6}$/);
  await crew.ping(28.5013, 26.5004);
  await screen.page.locator('[data-position=exact]').waitFor();
  const lat = Number(await screen.page.locator('[data-position=exact]').getAttribute('data-lat'));
  expect(Math.abs(lat - 28.5012)).toBeLessThan(0.0005);

  await crew.confirm(id, pin ?? '');
  await screen.page.locator('[data-page=tracking][data-state=DELIVERED]').waitFor();
  await screen.page.locator('[data-position=none]').waitFor();
  const seen = positions();
  await crew.ping(28.5014, 26.5005);
  // Loaded again after that ping, the page still knows no position.
  await screen.page.reload();
  await screen.page.locator('[data-page=tracking][data-state=DELIVERED][data-live=live]').waitFor();
  expect(positions()).toBe(seen);
  screen.clean();
});

it('an order cancelled elsewhere is cancelled here', async () => {
  const customer = await Person.signIn(browser.url, 'customer5');
  const order = await customer.order();
  const screen = await browser.screen({ width: 390, language: 'ar', theme: 'dark' });
  await screen.enter('customer5', `/app/orders/${order.id}`);
  await screen.live('tracking');
  await customer.cancel(order.id);
  await screen.page.locator('[data-page=tracking][data-state=CANCELLED]').waitFor();
  expect(await screen.page.locator('[data-act=cancel]').count()).toBe(0);
  screen.clean();
});

it('while the crew delivers another order first, the page says so instead of showing its place', async () => {
  const near = await Person.signIn(browser.url, 'customer1');
  const far = await Person.signIn(browser.url, 'customer2');
  const own = await Person.signIn(browser.url, 'crew11');
  await own.emptyHanded();
  await own.onDuty(true);
  const home = await near.get<{ location_lat: number; location_lng: number }>('/api/users/me/');
  await own.isAt(home.location_lat, home.location_lng);
  const [first, second] = [await near.order(), await far.order()];
  for (const order of [first, second]) {
    await own.claim(order.id);
    await own.advance(order.id);
  }
  const screen = await browser.screen({ width: 390 });
  await screen.enter('customer2', `/app/orders/${second.id}`);
  await screen.page.locator('[data-page=tracking][data-state=SHIPPED][data-track=live]').waitFor();
  await own.ping(home.location_lat, home.location_lng);
  await screen.page.locator('[data-position=coarse]').waitFor();
  await screen.page.getByText('goes to another door first').waitFor();
  await own.confirm(first.id, await near.pin(first.id));
  await screen.page.locator('[data-position=exact]').waitFor();
  expect(await screen.page.getByText('goes to another door first').count()).toBe(0);
  await own.confirm(second.id, await far.pin(second.id));
  screen.clean();
});
