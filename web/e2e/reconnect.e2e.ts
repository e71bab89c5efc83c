import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { TestBrowser } from './kit/browser';
import { Person } from './kit/people';
import { TcpProxy } from './kit/proxy';

let proxy: TcpProxy;
let browser: TestBrowser;
beforeAll(async () => {
  proxy = await TcpProxy.to(inject('url'));
  browser = await TestBrowser.open(proxy.url);
});
afterAll(async () => {
  await browser?.close();
  await proxy?.close();
});

const disconnected = [/ERR_/, /WebSocket connection to/];

it('what happened without a connection is shown once it is back, each thing once', async () => {
  const customer = await Person.signIn(inject('url'), 'customer7');
  const crew = await Person.signIn(inject('url'), 'crew7');
  await crew.emptyHanded();
  await crew.onDuty(true);
  await crew.ping(28.501, 26.5);
  const followed = await customer.order();
  const screen = await browser.screen();
  const tracking = await browser.screen({ width: 390 });
  for (const one of [screen, tracking]) one.tolerated = disconnected;
  await screen.enter('staff1', `/staff?order=${followed.id}`);
  await tracking.enter('customer7', `/app/orders/${followed.id}`);
  await screen.live('staff');
  await tracking.live('tracking');
  await screen.page.locator('[data-drawer=order][data-live=live]').waitFor();
  for (const one of [screen, tracking]) await one.page.locator('[data-map=ready]').waitFor();

  proxy.cut();
  await tracking.page.locator('[role=status][data-live=offline]').waitFor();
  const others = [];
  for (let i = 0; i < 12; i += 1) {
    const other = await customer.order();
    others.push(other.id);
    if (i % 2 === 0) await customer.cancel(other.id);
  }
  await crew.claim(followed.id);
  await crew.advance(followed.id);
  proxy.mend();

  await screen.live('staff');
  await tracking.live('tracking');
  await tracking.page.locator('[data-page=tracking][data-state=SHIPPED]').waitFor();
  await screen.page.locator('[data-drawer=order][data-state=SHIPPED]').waitFor();
  const order = await (await Person.signIn(inject('url'), 'staff1')).get<{ live: { offset: number }[] }>(
    `/api/orders/${followed.id}/`,
  );
  await tracking.page.locator(`[data-page=tracking][data-offset="${order.live[0]?.offset}"]`).waitFor();
  for (const [i, id] of others.entries()) {
    const column = i % 2 === 0 ? 'over' : 'CREATED';
    await screen.page.locator(`[data-column=${column}] [data-id="${id}"]`).waitFor();
    expect(await screen.page.locator(`[data-column] [data-id="${id}"]`).count()).toBe(1);
  }
  for (const id of others) await customer.cancel(id).catch(() => null);
  await crew.confirm(followed.id, await customer.pin(followed.id));
  for (const one of [screen, tracking]) one.clean();
});
