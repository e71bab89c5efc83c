import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { hold, type Screen, TestBrowser } from './kit/browser';
import { Person } from './kit/people';
import { TcpProxy } from './kit/proxy';

let proxy: TcpProxy;
let browser: TestBrowser;
let customer: Person;
let crew: Person;
beforeAll(async () => {
  proxy = await TcpProxy.to(inject('url'));
  browser = await TestBrowser.open(proxy.url);
  customer = await Person.signIn(inject('url'), 'customer8');
  crew = await Person.signIn(inject('url'), 'crew8');
  await crew.emptyHanded();
  await crew.onDuty(true);
  await crew.ping(28.501, 26.5);
});
afterAll(async () => {
  await browser?.close();
  await proxy?.close();
});

const disconnected = [/ERR_/, /WebSocket connection to/, /40[49]/, /42[23]/];

/** The crew's page with a claimed order, at its jobs. */
async function carrying(): Promise<{ screen: Screen; order: string; job: string }> {
  const { id: order } = await customer.order();
  await crew.claim(order);
  const screen = await browser.screen({ width: 390 });
  screen.tolerated = disconnected;
  await screen.enter('crew8', '/crew');
  await screen.live('crew');
  await screen.page.getByRole('tab').nth(1).click();
  const job = `li[data-id="${order}"]`;
  await screen.page.locator(`${job}[data-state=PROCESSING] [data-act=pick-up]`).waitFor();
  return { screen, order, job };
}

const types = async (order: string) => {
  const history = await customer.get<{ items: { type: string }[] }>(`/api/orders/${order}/history/`);
  return history.items.map((item) => item.type);
};

it('a pick-up without a connection waits, survives a reload, and is carried out once afterwards', async () => {
  const { screen, order, job } = await carrying();
  proxy.cut();
  await screen.page.locator('[role=status][data-live=offline]').waitFor();
  await hold(screen.page, `${job} [data-act=pick-up]`);
  await screen.page.locator(`${job} [data-command=pick_up][data-state=waiting]`).waitFor();
  await screen.page.locator('[role=status] [data-unsent="1"]').waitFor();
  // The chip shows what the server knows; the next action follows from what was done.
  expect(await screen.page.locator(job).getAttribute('data-state')).toBe('PROCESSING');
  expect(await screen.page.locator(`${job} [data-act=pick-up]`).count()).toBe(0);
  expect(await types(order)).not.toContain('order_shipped');

  proxy.mend();
  // Nothing may be sent before the page is loaded again: it is the stored command that is sent.
  await screen.page.route('**/advance/', (route) => route.abort());
  await screen.page.reload();
  await screen.live('crew');
  await screen.page.getByRole('tab').nth(1).click();
  await screen.page.locator(`${job} [data-command=pick_up]`).waitFor();
  await screen.page.unroute('**/advance/');
  await screen.page.locator(`${job}[data-state=SHIPPED]`).waitFor();
  await screen.page.locator('[data-page=crew][data-unsent="0"]').waitFor();
  await screen.page.locator(`${job} [data-command=pick_up]`).waitFor({ state: 'detached' });
  expect((await types(order)).filter((type) => type === 'order_shipped')).toHaveLength(1);
  await crew.confirm(order, await customer.pin(order));
  screen.clean();
});

it('a lost answer does not repeat the command', async () => {
  const { screen, order, job } = await carrying();
  proxy.loseAnswer('/advance/');
  await hold(screen.page, `${job} [data-act=pick-up]`);
  await screen.page.locator(`${job} [data-command=pick_up]`).waitFor();
  // It was carried out; only the crew does not know yet.
  await expect.poll(() => types(order)).toContain('order_shipped');
  proxy.mend();
  await screen.live('crew');
  await screen.page.locator(`${job}[data-state=SHIPPED] [data-act=at-door]`).waitFor();
  await screen.page.locator('[data-page=crew][data-unsent="0"]').waitFor();
  expect(await screen.page.locator('[data-state=refused]').count()).toBe(0);
  expect((await types(order)).filter((type) => type === 'order_shipped')).toHaveLength(1);
  await crew.confirm(order, await customer.pin(order));
  screen.clean();
});

it('a PIN typed without a connection delivers later, and signing out before that asks first', async () => {
  const { screen, order, job } = await carrying();
  await crew.advance(order);
  await screen.page.locator(`${job}[data-state=SHIPPED] [data-act=at-door]`).click();
  const pin = await customer.pin(order);
  proxy.cut();
  await screen.page.locator('[role=status][data-live=offline]').waitFor();
  await screen.page.keyboard.type(pin);
  await screen.page.locator(`${job} [data-command=confirm][data-state=waiting]`).waitFor();

  await screen.page.getByRole('button', { name: 'Account' }).click();
  await screen.page.getByRole('menuitem', { name: 'Sign out' }).click();
  await screen.page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click();
  await screen.page.getByRole('dialog').waitFor({ state: 'detached' });

  proxy.mend();
  await screen.page.locator(job).waitFor({ state: 'detached' });
  const delivered = await customer.get<{ status: string }>(`/api/orders/${order}/`);
  expect(delivered.status).toBe('DELIVERED');
  await screen.page.locator('[data-page=crew][data-unsent="0"]').waitFor();
  screen.clean();
});

it('a refused command says why, in place, and stops nothing else', async () => {
  const first = await carrying();
  const { id: second } = await customer.order();
  await crew.claim(second);
  const { screen } = first;
  await screen.page.locator(`li[data-id="${second}"] [data-act=pick-up]`).waitFor();
  proxy.cut();
  await screen.page.locator('[role=status][data-live=offline]').waitFor();
  await hold(screen.page, `${first.job} [data-act=pick-up]`);
  await screen.page.locator(`${first.job} [data-command=pick_up][data-state=waiting]`).waitFor();
  await hold(screen.page, `li[data-id="${second}"] [data-act=pick-up]`);
  await screen.page.locator('[role=status] [data-unsent="2"]').waitFor();
  // Meanwhile the crew loses the first of them.
  await crew.release(first.order);
  proxy.mend();

  const refused = screen.page.locator(`[data-about="${first.order}"][data-state=refused]`);
  await refused.waitFor();
  expect(await refused.locator('[data-error]').getAttribute('data-error')).toBe('not_your_job');
  expect(await refused.textContent()).toContain('This job is no longer yours');
  await screen.page.locator(`li[data-id="${second}"][data-state=SHIPPED]`).waitFor();
  await refused.locator('[data-act=dismiss]').click();
  await refused.waitFor({ state: 'detached' });
  await customer.cancel(first.order);
  await crew.confirm(second, await customer.pin(second));
  screen.clean();
});

it('two tabs of one crew send a command once', async () => {
  const { screen, order, job } = await carrying();
  const beside = await browser.beside(screen);
  beside.tolerated = disconnected;
  await beside.goto('/crew?slot=crew8');
  await beside.live('crew');
  const sent: string[] = [];
  for (const one of [screen, beside])
    one.page.on('response', (answer) => {
      if (answer.url().includes('/advance/')) sent.push(answer.url());
    });
  proxy.cut();
  await screen.page.locator('[role=status][data-live=offline]').waitFor();
  await hold(screen.page, `${job} [data-act=pick-up]`);
  await screen.page.locator(`${job} [data-command=pick_up][data-state=waiting]`).waitFor();
  await beside.page.locator('[data-page=crew][data-unsent="1"]').waitFor();
  proxy.mend();
  for (const one of [screen, beside]) {
    await one.page.locator('[data-page=crew][data-unsent="0"]').waitFor();
    await one.live('crew');
  }
  await screen.page.locator(`${job}[data-state=SHIPPED]`).waitFor();
  expect(sent).toHaveLength(1);
  await crew.confirm(order, await customer.pin(order));
  for (const one of [screen, beside]) one.clean();
});

it('duty switched without a connection is shown at once and sent later', async () => {
  const screen = await browser.screen({ width: 390, language: 'ar', theme: 'dark' });
  screen.tolerated = disconnected;
  await screen.enter('crew8', '/crew');
  await screen.live('crew');
  proxy.cut();
  await screen.page.locator('[role=status][data-live=offline]').waitFor();
  await screen.page.locator('[data-act=duty]').click({ force: true });
  await screen.page.locator('[data-command=duty][data-state=waiting]').waitFor();
  expect(await screen.page.locator('[data-act=duty]').isChecked()).toBe(false);
  proxy.mend();
  await screen.page.locator('[data-page=crew][data-unsent="0"]').waitFor();
  await expect.poll(async () => (await crew.get<{ on_duty: boolean }>('/api/delivery/me/')).on_duty).toBe(false);
  await screen.live('crew');
  await screen.page.locator('[data-act=duty]').click({ force: true });
  await screen.page.locator('[data-near=live]').waitFor();
  screen.clean();
});
