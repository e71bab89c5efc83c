import { afterAll, beforeAll, expect, it } from 'vitest';
import { hold, TestBrowser } from './kit/browser';
import { Person } from './kit/people';

let browser: TestBrowser;
let customer: Person;
let rival: Person;
beforeAll(async () => {
  browser = await TestBrowser.open();
  customer = await Person.signIn(browser.url, 'customer2');
  rival = await Person.signIn(browser.url, 'crew2');
  const crew = await Person.signIn(browser.url, 'crew1');
  for (const one of [rival, crew]) {
    await one.emptyHanded();
    await one.onDuty(true);
    await one.ping(28.501, 26.5);
  }
});
afterAll(() => browser?.close());

it('claims a near order, picks it up, and proves the delivery with the PIN', async () => {
  const screen = await browser.screen({ width: 390 });
  await screen.enter('crew1', '/crew');
  await screen.live('crew');
  await screen.page.locator('[data-near=live]').waitFor();
  const order = await customer.order();
  const row = screen.page.locator(`[data-id="${order.id}"][data-state=near]`);
  await row.waitFor();
  await row.locator('[data-act=claim]').click();
  await screen.page.locator(`[data-id="${order.id}"][data-why=mine]`).waitFor();
  await screen.page.getByRole('tab').nth(1).click();
  const job = `li[data-id="${order.id}"]`;
  await screen.page.locator(`${job}[data-state=PROCESSING]`).waitFor();
  await hold(screen.page, `${job} [data-act=pick-up]`);
  await screen.page.locator(`${job}[data-state=SHIPPED] [data-act=at-door]`).click();

  // A wrong PIN shows how many tries are left; the right one ends the job.
  screen.tolerated = [/422/];
  const pin = await customer.pin(order.id);
  const wrong = pin === '000000' ? '111111' : '000000';
  for (const digit of wrong) await screen.page.locator(`[data-key="${digit}"]`).click();
  await screen.page.locator('[data-error=wrong_pin]').waitFor();
  await screen.page.keyboard.type(pin);
  await screen.page.locator(job).waitFor({ state: 'detached' });
  const delivered = await customer.get<{ status: string }>(`/api/orders/${order.id}/`);
  expect(delivered.status).toBe('DELIVERED');
  screen.clean();
});

it('a row that another crew takes says so, and leaves', async () => {
  const screen = await browser.screen({ width: 390, language: 'ar', theme: 'dark' });
  await screen.enter('crew1', '/crew');
  await screen.live('crew');
  const taken = await customer.order();
  const cancelled = await customer.order();
  await screen.page.locator(`[data-id="${taken.id}"][data-state=near]`).waitFor();
  await screen.page.locator(`[data-id="${cancelled.id}"][data-state=near]`).waitFor();
  await rival.claim(taken.id);
  await screen.page.locator(`[data-id="${taken.id}"][data-why=claimed]`).waitFor();
  await customer.cancel(cancelled.id);
  await screen.page.locator(`[data-id="${cancelled.id}"][data-why=cancelled]`).waitFor();
  await screen.page.locator(`[data-id="${taken.id}"]`).waitFor({ state: 'detached' });
  await rival.release(taken.id);
  await screen.page.locator(`[data-id="${taken.id}"][data-state=near]`).waitFor();
  await customer.cancel(taken.id);
  screen.clean();
});

it('a lost race is no error: the card says so', async () => {
  const screen = await browser.screen({ width: 390 });
  screen.tolerated = [/409/];
  await screen.enter('crew1', '/crew');
  await screen.live('crew');
  const order = await customer.order();
  const row = screen.page.locator(`[data-id="${order.id}"]`);
  await row.locator('[data-act=claim]').waitFor();
  // The rival's claim is committed while this crew's own is under way.
  await screen.page.route('**/claim/', async (route) => {
    await rival.claim(order.id);
    await route.continue();
  });
  await row.locator('[data-act=claim]').click();
  await screen.page.locator(`[data-id="${order.id}"][data-state=gone]`).waitFor();
  expect(await screen.page.locator('[role=alert]').count()).toBe(0);
  await customer.cancel(order.id);
  screen.clean();
});

it('off duty there is no list; on duty it comes back', async () => {
  const screen = await browser.screen({ width: 390 });
  await screen.enter('crew1', '/crew');
  await screen.live('crew');
  await screen.page.locator('[data-act=duty]').click({ force: true });
  await screen.page.locator('[data-near=loading]').waitFor();
  await screen.page.locator('[data-act=duty]').click({ force: true });
  await screen.page.locator('[data-near=live]').waitFor();
  screen.clean();
});
