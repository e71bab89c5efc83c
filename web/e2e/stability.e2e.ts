import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { isAccessible } from './kit/axe';
import { hold, type Screen, TestBrowser } from './kit/browser';
import { measureShift, shifted } from './kit/layoutShift';
import { Person } from './kit/people';
import { TcpProxy } from './kit/proxy';

// As many changes as a minute brings.
const ROUNDS = 12;

let proxy: TcpProxy;
let browser: TestBrowser;
let customer: Person;
let crew: Person;
beforeAll(async () => {
  proxy = await TcpProxy.to(inject('url'));
  browser = await TestBrowser.open(proxy.url);
  customer = await Person.signIn(inject('url'), 'customer14');
  crew = await Person.signIn(inject('url'), 'crew14');
  await crew.emptyHanded();
  await crew.onDuty(true);
  await crew.ping(28.501, 26.5);
});
afterAll(async () => {
  await browser?.close();
  await proxy?.close();
});

async function nothingMoved(screen: Screen) {
  const { sum, by } = await shifted(screen.page);
  expect(sum, by.join('\n')).toBeLessThanOrEqual(0.02);
  screen.clean();
}

it('nothing on the staff page moves by itself while orders come and go', async () => {
  const screen = await browser.screen();
  await measureShift(screen.page);
  await screen.enter('staff1', '/staff');
  await screen.live('staff');
  await screen.page.locator('[data-drawn]').waitFor();
  for (let i = 0; i < ROUNDS; i += 1) {
    const { id } = await customer.order();
    await screen.page.locator(`[data-column=CREATED] [data-id="${id}"]`).waitFor();
    await crew.claim(id);
    await screen.page.locator(`[data-column=PROCESSING] [data-id="${id}"]`).waitFor();
    if (i % 2 === 0) await crew.release(id);
    await customer.cancel(id);
    await screen.page.locator(`[data-column=over] [data-id="${id}"]`).waitFor();
  }
  await nothingMoved(screen);
});

it('nothing on the crew page moves by itself while orders come and go', async () => {
  const screen = await browser.screen({ width: 390 });
  await measureShift(screen.page);
  await screen.enter('crew14', '/crew');
  await screen.live('crew');
  await screen.page.locator('[data-near=live]').waitFor();
  for (let i = 0; i < ROUNDS; i += 1) {
    const { id } = await customer.order();
    await screen.page.locator(`[data-id="${id}"][data-state=near]`).waitFor();
    await customer.cancel(id);
    await screen.page.locator(`[data-id="${id}"][data-why=cancelled]`).waitFor();
  }
  await nothingMoved(screen);
});

it.each([
  ['light', 'en', 1440],
  ['dark', 'ar', 390],
] as const)('every state is accessible: %s %s %i', async (theme, language, width) => {
  const { id } = await customer.order();
  await crew.claim(id);
  const page = await browser.screen({ theme, language, width });
  page.tolerated = [/ERR_/, /WebSocket connection to/, /404/];
  await page.enter('crew14', '/crew');
  await page.live('crew');
  if (width < 800) await page.page.getByRole('tab').nth(1).click();
  const job = `li[data-id="${id}"]`;
  await page.page.locator(`${job} [data-act=pick-up]`).waitFor();
  await isAccessible(page.page, 'crew, carrying');
  proxy.cut();
  await page.page.locator('[role=status][data-live=offline]').waitFor();
  await hold(page.page, `${job} [data-act=pick-up]`);
  await page.page.locator(`${job} [data-command][data-state=waiting]`).waitFor();
  await isAccessible(page.page, 'crew, offline with unsent');
  await crew.release(id);
  proxy.mend();
  await page.page.locator('[data-command][data-state=refused]').waitFor();
  await isAccessible(page.page, 'crew, refused');
  await page.page.locator('[data-act=dismiss]').click();

  for (const view of ['board', 'table', 'crews', 'map'] as const) {
    await page.enter('staff1', `/staff?view=${view}`);
    await page.live('staff');
    await isAccessible(page.page, view);
  }
  await page.enter('staff1', `/staff?order=${id}`);
  await page.page.locator('[data-drawer=order][data-live=live]').waitFor();
  await page.page.locator('[data-act=reassign]').click();
  await page.page.locator('[data-pad=reassign]').waitFor();
  await isAccessible(page.page, 'drawer, reassigning');
  proxy.cut();
  await page.page.locator('[role=status][data-live=offline]').waitFor();
  await isAccessible(page.page, 'staff, offline');
  proxy.mend();
  await page.live('staff');
  await page.enter('staff1', '/staff?find=nothing-is-called-so');
  await page.live('staff');
  await isAccessible(page.page, 'staff, empty');
  await customer.cancel(id);
  page.clean();
});
