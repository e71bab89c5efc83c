import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestBrowser } from './kit/browser';
import { Person } from './kit/people';

let browser: TestBrowser;
let customer: Person;
let crew: Person;
beforeAll(async () => {
  browser = await TestBrowser.open();
  customer = await Person.signIn(browser.url, 'customer3');
  crew = await Person.signIn(browser.url, 'crew3');
  await crew.emptyHanded();
  await crew.onDuty(true);
  await crew.ping(28.501, 26.5);
});
afterAll(() => browser?.close());

it('an order appears on the board by itself and moves when a crew claims it', async () => {
  const screen = await browser.screen();
  await screen.enter('staff1', '/staff');
  await screen.live('staff');
  const order = await customer.order();
  const waiting = screen.page.locator(`[data-column=CREATED] [data-id="${order.id}"]`);
  await waiting.waitFor();
  expect(await waiting.textContent()).toContain(order.code);

  await crew.claim(order.id);
  const carried = screen.page.locator(`[data-column=PROCESSING] [data-id="${order.id}"]`);
  await carried.waitFor();
  await waiting.waitFor({ state: 'detached' });
  expect(await carried.getAttribute('data-crew')).toBe(crew.id);

  // The drawer follows the order's own channel.
  await carried.locator('button').click();
  const drawer = screen.page.locator(`[data-drawer=order][data-id="${order.id}"]`);
  await drawer.locator('[data-type=order_claimed]').waitFor();
  await crew.advance(order.id);
  await screen.page.locator(`[data-drawer=order][data-state=SHIPPED]`).waitFor();
  await crew.confirm(order.id, await customer.pin(order.id));
  await screen.page.locator(`[data-column=over] [data-id="${order.id}"]`).waitFor();
  screen.clean();
});

it('draws every crew on duty, and lists the same crews', async () => {
  const screen = await browser.screen();
  await screen.enter('staff1', '/staff?view=map');
  await screen.live('staff');
  await screen.page.locator('[data-map=ready]').waitFor();
  await screen.page.locator('[data-drawn]').waitFor();
  const drawn = Number(await screen.page.locator('[data-drawn]').getAttribute('data-drawn'));
  expect(drawn).toBeGreaterThan(0);
  await screen.page.getByText('As a list').click();
  const listed = await screen.page.locator('li[data-state=free], li[data-state=busy], li[data-state=stale]').count();
  expect(listed).toBeGreaterThanOrEqual(drawn);
  screen.clean();
});

it('an order is given to another crew by keyboard', async () => {
  const screen = await browser.screen();
  await screen.enter('staff1', '/staff');
  await screen.live('staff');
  const order = await customer.order();
  await crew.claim(order.id);
  await screen.page.locator(`[data-column=PROCESSING] [data-id="${order.id}"]`).waitFor();
  // Search, then the only card, then reassign, without the mouse.
  await screen.page.keyboard.press('/');
  await screen.page.keyboard.type(order.code);
  await screen.page.keyboard.press('Escape');
  await screen.page.keyboard.press('j');
  await screen.page.locator(`[data-drawer=order][data-id="${order.id}"][data-live=live]`).waitFor();
  await screen.page.keyboard.press('r');
  await screen.page.locator('[data-pad=reassign] input').waitFor();
  await screen.page.keyboard.type('closer');
  await screen.page.keyboard.press('Tab');
  await screen.page.keyboard.press('Enter');
  await screen.page.locator(`[data-column=PROCESSING] [data-id="${order.id}"]:not([data-crew="${crew.id}"])`).waitFor();
  await customer.cancel(order.id);
  screen.clean();
});
