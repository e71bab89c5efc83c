import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestBrowser } from './kit/browser';
import { PASSWORD, Person } from './kit/people';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.open();
});
afterAll(() => browser?.close());

it('a session that ended elsewhere covers only its page, keeps what was typed, and goes on after the password', async () => {
  const staff = await browser.screen();
  staff.tolerated = [/401/];
  await staff.enter('staff1', '/staff');
  await staff.live('staff');
  const crew = await browser.beside(staff);
  await crew.enter('crew6', '/crew');
  await crew.live('crew');
  await staff.page.getByRole('textbox').first().fill('K7');

  const boss = await Person.signIn(browser.url, 'staff1');
  type Sessions = { items: { id: string; current: boolean }[] };
  const sessions = await boss.get<Sessions>('/api/auth/sessions/');
  for (const session of sessions.items.filter((one) => !one.current))
    await boss.delete(`/api/auth/sessions/${session.id}/`);

  await staff.page.locator('[data-overlay=revoked]').waitFor();
  expect(await crew.page.locator('[data-overlay=revoked]').count()).toBe(0);
  await staff.page.locator('[data-overlay=revoked] input[name=password]').fill(PASSWORD);
  await staff.page.locator('[data-overlay=revoked] button[type=submit]').click();
  await staff.page.locator('[data-overlay=revoked]').waitFor({ state: 'detached' });
  await staff.live('staff');
  expect(await staff.page.getByRole('textbox').first().inputValue()).toBe('K7');
  staff.clean();
  crew.clean();
});

it('after signing out a page leads to the sign-in', async () => {
  const screen = await browser.screen({ width: 390 });
  await screen.goto('/');
  await screen.signIn('customer6');
  await screen.page.locator('[data-page=app]').waitFor();
  await screen.page.getByRole('button', { name: 'Account' }).click();
  await screen.page.getByRole('menuitem').click();
  await screen.page.locator('[data-page=landing]').waitFor();
  await screen.goto('/app');
  await screen.page.locator('[data-page=landing]').waitFor();
  screen.clean();
});
