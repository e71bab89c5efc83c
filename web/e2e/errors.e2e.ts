import { afterAll, beforeAll, expect, it } from 'vitest';
import { hold, type Look, type Screen, TestBrowser } from './kit/browser';
import { sentenceOf } from './kit/errors';
import { Person } from './kit/people';

let browser: TestBrowser;
let customer: Person;
let crew: Person;
let rival: Person;
beforeAll(async () => {
  browser = await TestBrowser.open();
  customer = await Person.signIn(browser.url, 'customer12');
  crew = await Person.signIn(browser.url, 'crew12');
  rival = await Person.signIn(browser.url, 'crew13');
  for (const one of [crew, rival]) {
    await one.emptyHanded();
    await one.onDuty(true);
    await one.ping(28.501, 26.5);
  }
});
afterAll(() => browser?.close());

const refused = [/40[49]/, /42[239]/, /503/];
async function asCrew(look: Look = {}): Promise<Screen> {
  const screen = await browser.screen({ width: 390, ...look });
  screen.tolerated = refused;
  await screen.enter('crew12', '/crew');
  await screen.live('crew');
  return screen;
}

/** An error is shown as a sentence of the page's language. */
async function says(screen: Screen, code: string) {
  const line = screen.page.locator(`[data-error=${code}]`).first();
  await line.waitFor();
  expect(await line.textContent()).toMatch(sentenceOf(screen.language, code));
}

it.each(['en', 'ar', 'fr'] as const)(
  'in %s five wrong PINs count down and lock, and staff unlock it',
  async (language) => {
    const { id } = await customer.order();
    await crew.claim(id);
    await crew.advance(id);
    const screen = await asCrew({ language });
    await screen.page.getByRole('tab').nth(1).click();
    await screen.page.locator(`li[data-id="${id}"] [data-act=at-door]`).click();
    const pin = await customer.pin(id);
    const wrong = pin === '000000' ? '111111' : '000000';
    for (let tries = 4; tries > 0; tries -= 1) {
      await screen.page.locator('[data-key="1"]:enabled').waitFor();
      await screen.page.keyboard.type(wrong);
      await screen.page.locator(`[data-tries="${tries}"]`).waitFor();
      await says(screen, 'wrong_pin');
    }
    await screen.page.locator('[data-key="1"]:enabled').waitFor();
    await screen.page.keyboard.type(wrong);
    await says(screen, 'proof_locked');
    expect(await screen.page.locator('[data-key="1"]').isDisabled()).toBe(true);

    const staff = await Person.signIn(browser.url, 'staff1');
    await staff.post(`/api/staff/orders/${id}/override/`, { to: 'unlock_proof', reason: 'seen' });
    await screen.page.locator('[data-key="1"]:enabled').waitFor();
    await screen.page.keyboard.type(await customer.pin(id));
    await screen.page.locator(`li[data-id="${id}"]`).waitFor({ state: 'detached' });
    screen.clean();
  },
);

it('an order that changed meanwhile is explained: given back late, cancelled, moved on', async () => {
  const screen = await asCrew({ language: 'fr' });
  await screen.page.getByRole('tab').nth(1).click();
  const { id } = await customer.order();
  await crew.claim(id);
  const job = `li[data-id="${id}"]`;
  await screen.page.locator(`${job} [data-act=problem]`).click();
  await screen.page.getByRole('menuitem').last().click();
  // Another phone of this crew picks it up while this one gives it back.
  await screen.page.route('**/release/', async (route) => {
    await crew.advance(id);
    await route.continue();
  });
  await screen.page.getByRole('dialog').locator('[data-act=sure]').click();
  await says(screen, 'already_picked_up');
  await screen.page.unroute('**/release/');

  const { id: second } = await customer.order();
  await crew.claim(second);
  await screen.page.locator(`li[data-id="${second}"] [data-act=pick-up]`).waitFor();
  await screen.page.route('**/advance/', async (route) => {
    await crew.advance(second);
    await route.continue();
  });
  await hold(screen.page, `li[data-id="${second}"] [data-act=pick-up]`);
  await says(screen, 'invalid_transition');
  await screen.page.locator(`li[data-id="${second}"][data-state=SHIPPED]`).waitFor();
  for (const one of [id, second]) await crew.confirm(one, await customer.pin(one));
  screen.clean();
});

it('goods in hand keep a crew on duty, a full load refuses a sixth, and off duty nothing is claimed', async () => {
  const screen = await asCrew({ language: 'ar' });
  await screen.page.locator('[data-near=live]').waitFor();
  const last = (await customer.order()).id;
  const row = screen.page.locator(`[data-id="${last}"] [data-act=claim]`);
  await row.waitFor();
  const carried: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    const { id } = await customer.order();
    await crew.claim(id);
    carried.push(id);
  }
  await row.click();
  await says(screen, 'active_limit');

  const [first, ...rest] = carried as [string, ...string[]];
  await crew.advance(first);
  await screen.page.locator('[data-act=duty]').click({ force: true });
  await says(screen, 'active_jobs');
  expect(await screen.page.locator('[data-act=duty]').isChecked()).toBe(true);
  await crew.confirm(first, await customer.pin(first));
  for (const one of rest) await crew.release(one);

  await screen.page.route('**/claim/', async (route) => {
    await crew.onDuty(false);
    await route.continue();
  });
  await row.click();
  await says(screen, 'off_duty');
  await crew.onDuty(true);
  for (const one of [last, ...rest]) await customer.cancel(one);
  screen.clean();
});

it('a claim of an order that was just cancelled says so on its card', async () => {
  const screen = await asCrew();
  await screen.page.locator('[data-near=live]').waitFor();
  const { id } = await customer.order();
  const row = screen.page.locator(`[data-id="${id}"]`);
  await row.locator('[data-act=claim]').waitFor();
  await screen.page.route('**/claim/', async (route) => {
    await customer.cancel(id);
    await route.continue();
  });
  await row.locator('[data-act=claim]').click();
  await screen.page.locator(`[data-id="${id}"][data-why=cancelled]`).waitFor();
  expect(await screen.page.locator('[role=alert]').count()).toBe(0);
  screen.clean();
});

it('a command that has to wait is stored and sent by itself', async () => {
  const { id } = await customer.order();
  await crew.claim(id);
  const screen = await asCrew({ language: 'fr' });
  await screen.page.getByRole('tab').nth(1).click();
  const job = `li[data-id="${id}"]`;
  // Too many requests, then a commit in doubt that was carried out: a busy server and a lost answer, as the page sees them.
  let sent = 0;
  await screen.page.route('**/advance/', async (route) => {
    sent += 1;
    const problem = (status: number, code: string) =>
      route.fulfill({
        status,
        headers: { 'retry-after': '1' },
        contentType: 'application/problem+json',
        body: JSON.stringify({ status, code }),
      });
    if (sent === 1) return problem(429, 'rate_limited');
    if (sent === 2) {
      await route.fetch();
      return problem(503, 'outcome_unknown');
    }
    return route.continue();
  });
  await hold(screen.page, `${job} [data-act=pick-up]`);
  await screen.page.locator(`${job} [data-command=pick_up]`).waitFor();
  await screen.page.locator(`${job}[data-state=SHIPPED] [data-act=at-door]`).waitFor();
  await screen.page.locator('[data-page=crew][data-unsent="0"]').waitFor();
  expect(sent).toBeGreaterThanOrEqual(3);
  expect(await screen.page.locator('[data-state=refused]').count()).toBe(0);
  await crew.confirm(id, await customer.pin(id));
  screen.clean();
});

it('staff cannot give an order to a crew that is off duty or full, and read why', async () => {
  const { id } = await customer.order();
  await rival.ping(28.5005, 26.5);
  const screen = await browser.screen({ language: 'ar', theme: 'dark' });
  screen.tolerated = refused;
  await screen.enter('staff1', `/staff?order=${id}`);
  await screen.live('staff');
  await screen.page.locator('[data-act=reassign]').click();
  await screen.page.locator('[data-pad=reassign] input').fill('near');
  const offer = screen.page.locator(`[data-pad=reassign] [data-id="${rival.id}"]`);
  await offer.waitFor();
  await screen.page.route('**/reassign/', async (route) => {
    await rival.onDuty(false);
    await route.continue();
  });
  await offer.click();
  await says(screen, 'off_duty');
  await rival.onDuty(true);
  await rival.ping(28.5005, 26.5);
  await screen.page.unroute('**/reassign/');

  const full: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    const one = await customer.order();
    await rival.claim(one.id);
    full.push(one.id);
  }
  await offer.click();
  await says(screen, 'active_limit');
  for (const one of full) await rival.release(one);
  for (const one of [id, ...full]) await customer.cancel(one);
  screen.clean();
});
