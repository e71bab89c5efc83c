import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAccessible } from './kit/axe';
import { type Look, type Screen, TestBrowser } from './kit/browser';
import { Person, SHOPS } from './kit/people';

let browser: TestBrowser;
let customer: Person;
let seller: Person;
beforeAll(async () => {
  browser = await TestBrowser.open();
  customer = await Person.signIn(browser.url, 'customer10');
  seller = await Person.signIn(browser.url, 'seller5');
});
afterAll(() => browser?.close());

const order = () => customer.pickUp([SHOPS.seller5]);
const card = (screen: Screen, id: string, state = '') =>
  screen.page.locator(`[data-id="${id}"]${state && `[data-state=${state}]`}`);

/** A phone shows one column at a time. */
async function turnTo(screen: Screen, column: 'NEW' | 'ACCEPTED' | 'READY') {
  const tab = screen.page.locator('main [role=radiogroup] label').nth(['NEW', 'ACCEPTED', 'READY'].indexOf(column));
  if (await tab.isVisible()) await tab.click();
}

async function shop(look: Look = {}): Promise<Screen> {
  const screen = await browser.screen(look);
  await screen.enter('seller5', '/seller');
  await screen.page.locator('[data-page=seller][data-ready][data-live=live]').waitFor();
  return screen;
}

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, selector: string) {
  for (let steps = 0; steps < 80; steps += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${selector}`);
}

it('an order comes in by itself, is accepted with a time and made ready; a second tab sees each step', async () => {
  const first = await shop();
  const second = await browser.beside(first);
  await second.enter('seller5', '/seller');
  const placed = await order();
  for (const tab of [first, second]) await card(tab, placed.id, 'NEW').waitFor();
  const mine = card(first, placed.id);
  await mine.getByText('20', { exact: true }).click();
  const before = Date.now();
  await mine.locator('[data-act=accept]').click();
  for (const tab of [first, second]) {
    await tab.page.locator(`[data-column=ACCEPTED] [data-id="${placed.id}"]`).waitFor();
    expect(await tab.page.locator(`[data-id="${placed.id}"]`).count()).toBe(1);
  }
  type Answer = { shop_orders: { ready_at: string; prep_status: string }[] };
  const answer = await seller.get<Answer>(`/api/orders/${placed.id}/`);
  const minutes = (Date.parse(answer.shop_orders[0]?.ready_at ?? '') - before) / 60_000;
  expect(minutes).toBeGreaterThan(19);
  expect(minutes).toBeLessThan(21);
  await card(second, placed.id).locator('[data-act=ready]').click();
  for (const tab of [first, second]) await card(tab, placed.id, 'READY').waitFor();
  for (const tab of [first, second]) tab.clean();
});

it('a rejection needs a reason, reaches the customer, and leaves every tab', async () => {
  const screen = await shop({ width: 390 });
  const placed = await order();
  await card(screen, placed.id, 'NEW').locator('[data-act=reject]').click();
  await screen.page.locator('input[name=reason]').fill('The oven is cold');
  await screen.page.locator('[data-act=sure]').click();
  await card(screen, placed.id).waitFor({ state: 'detached' });
  type Answer = { status: string; shop_orders: { reason: string }[] };
  const answer = await customer.get<Answer>(`/api/orders/${placed.id}/`);
  expect([answer.status, answer.shop_orders[0]?.reason]).toEqual(['CANCELLED', 'The oven is cold']);
  screen.clean();
});

it('the counter takes the PIN: a wrong one shows how many tries are left, the right one hands over', async () => {
  const placed = await order();
  await seller.ready(placed.id);
  const screen = await shop({ width: 390, theme: 'dark', language: 'ar' });
  screen.tolerated = [/422/];
  await turnTo(screen, 'READY');
  await card(screen, placed.id, 'READY').locator('[data-act=hand-over]').click();
  const pin = await customer.pin(placed.id);
  const wrong = pin === '000000' ? '111111' : '000000';
  await screen.page.locator('[data-pad=pin]').waitFor();
  for (const digit of wrong) await screen.page.locator(`[data-key="${digit}"]`).click();
  await screen.page.locator('[data-error=wrong_pin]').waitFor();
  await screen.page.getByText('بقيت 4 محاولات').waitFor();
  await screen.page.keyboard.type(pin);
  await card(screen, placed.id).waitFor({ state: 'detached' });
  expect((await customer.get<{ status: string }>(`/api/orders/${placed.id}/`)).status).toBe('DELIVERED');
  screen.clean();
});

it('five wrong PINs lock the counter, and it says who can unlock it', async () => {
  const placed = await order();
  await seller.ready(placed.id);
  const pin = await customer.pin(placed.id);
  const wrong = pin === '000000' ? '111111' : '000000';
  for (let tries = 0; tries < 4; tries += 1) await seller.confirm(placed.id, wrong).catch(() => null);
  const screen = await shop();
  screen.tolerated = [/42[23]/];
  await card(screen, placed.id, 'READY').locator('[data-act=hand-over]').click();
  await screen.page.locator('[data-pad=pin]').waitFor();
  await screen.page.keyboard.type(wrong);
  await screen.page.locator('[data-error=proof_locked]').waitFor();
  expect(await screen.page.locator('[data-key="1"]').isDisabled()).toBe(true);
  await customer.cancel(placed.id);
  screen.clean();
});

it('from new to handed over by keyboard, and the focus returns from the pad', async () => {
  const placed = await order();
  const screen = await shop();
  const of = (act: string) => `[data-id="${placed.id}"] [data-act=${act}]`;
  await card(screen, placed.id, 'NEW').waitFor();
  await tabTo(screen.page, of('accept'));
  await screen.page.keyboard.press('Enter');
  await card(screen, placed.id, 'ACCEPTED').waitFor();
  await tabTo(screen.page, of('ready'));
  await screen.page.keyboard.press('Enter');
  await card(screen, placed.id, 'READY').waitFor();
  await tabTo(screen.page, of('hand-over'));
  await screen.page.keyboard.press('Enter');
  await screen.page.locator('[data-pad=pin]').waitFor();
  await screen.page.keyboard.press('Escape');
  await screen.page.locator('[data-pad=pin]').waitFor({ state: 'detached' });
  await screen.page.waitForFunction((wanted) => document.activeElement?.matches(wanted), of('hand-over'));
  await screen.page.keyboard.press('Enter');
  await screen.page.locator('[data-pad=pin]').waitFor();
  await screen.page.keyboard.type(await customer.pin(placed.id));
  await card(screen, placed.id).waitFor({ state: 'detached' });
  screen.clean();
});

const looks: Look[] = [
  { width: 1440, theme: 'light', language: 'en' },
  { width: 1440, theme: 'dark', language: 'ar' },
  { width: 390, theme: 'light', language: 'fr' },
  { width: 320, theme: 'dark', language: 'ar' },
];

it.each(looks)('every state is accessible: %o', async (look) => {
  const [fresh, ready] = [await order(), await order()];
  await seller.ready(ready.id);
  const screen = await shop(look);
  await card(screen, fresh.id, 'NEW').waitFor();
  await isAccessible(screen.page);
  await card(screen, fresh.id).locator('[data-act=reject]').click();
  await screen.page.locator('input[name=reason]').waitFor();
  await isAccessible(screen.page);
  await screen.page.keyboard.press('Escape');
  await screen.page.locator('input[name=reason]').waitFor({ state: 'detached' });
  await card(screen, fresh.id).locator('[data-act=accept]').click();
  await turnTo(screen, 'ACCEPTED');
  await card(screen, fresh.id, 'ACCEPTED').waitFor();
  await turnTo(screen, 'READY');
  await card(screen, ready.id).locator('[data-act=hand-over]').click();
  await screen.page.locator('[data-pad=pin]').waitFor();
  await isAccessible(screen.page);
  for (const one of [fresh, ready]) await customer.cancel(one.id);
  await screen.page.keyboard.press('Escape');
  for (const one of [fresh, ready]) await card(screen, one.id).waitFor({ state: 'detached' });
  await isAccessible(screen.page);
  screen.clean();
});
