import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestBrowser } from './kit/browser';
import { Person } from './kit/people';
import { Server } from './kit/server';

// A server of its own: it is killed in the middle.
let server: Server;
let browser: TestBrowser;
beforeAll(async () => {
  server = await Server.start();
  browser = await TestBrowser.open(server.url);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

// The browser logs what it could not reach while the server was down.
const disconnected = [
  /ERR_CONNECTION_REFUSED/,
  /WebSocket connection to/,
  /50[23]/,
  /ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/,
];

it('after kill -9 and a restart every page recovers by itself, with what was typed', async () => {
  const customer = await Person.signIn(server.url, 'customer2');
  const order = await customer.order();
  const staff = await browser.screen();
  const tracking = await browser.screen({ width: 390 });
  const crew = await browser.screen({ width: 390, language: 'ar' });
  for (const screen of [staff, tracking, crew]) screen.tolerated = disconnected;
  await staff.enter('staff1', '/staff');
  await tracking.enter('customer2', `/app/orders/${order.id}`);
  await crew.enter('crew1', '/crew');
  await staff.live('staff');
  await tracking.live('tracking');
  await crew.live('crew');
  await staff.page.locator(`[data-column=CREATED] [data-id="${order.id}"]`).waitFor();
  await staff.page.getByRole('textbox').first().fill(order.code);

  await server.kill();
  await staff.page.locator('[role=status][data-live=offline]').waitFor();
  await server.run();
  await staff.live('staff');
  await tracking.live('tracking');
  await crew.live('crew');
  await staff.page.locator('[role=status][data-live=live]').waitFor();
  expect(await staff.page.getByRole('textbox').first().inputValue()).toBe(order.code);

  // Later changes are seen by all, and the board equals REST.
  const again = await Person.signIn(server.url, 'customer2');
  await again.cancel(order.id);
  await tracking.page.locator('[data-page=tracking][data-state=CANCELLED]').waitFor();
  await staff.page.locator(`[data-column=over] [data-id="${order.id}"]`).waitFor();
  await staff.page.getByRole('textbox').first().fill('');
  const boss = await Person.signIn(server.url, 'staff1');
  const listed = await boss.get<{ items: { id: string }[] }>('/api/orders/?status=CREATED&limit=100');
  await staff.page.locator(`[data-column=CREATED][data-count="${listed.items.length}"]`).waitFor();
  for (const screen of [staff, tracking, crew]) screen.clean();
});
