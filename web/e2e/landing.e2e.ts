import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestBrowser } from './kit/browser';
import { PASSWORD } from './kit/people';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.open();
});
afterAll(() => browser?.close());

it('signs a person in by name and password, on the page of their role', async () => {
  const screen = await browser.screen();
  await screen.goto('/');
  await screen.signIn('customer1');
  await screen.page.waitForURL('**/en/app');
  await screen.page.locator('[data-page=app]').waitFor();
  screen.clean();
});

it('says what is wrong and what to do, and signs in afterwards', async () => {
  const screen = await browser.screen({ width: 390 });
  screen.tolerated = [/401/];
  await screen.goto('/');
  await screen.page.getByRole('textbox').first().fill('customer1');
  await screen.page.locator('input[name=password]').fill('not this one');
  await screen.page.locator('form[data-form=sign-in] button[type=submit]').click();
  await screen.page.locator('[data-error=bad_credentials]').waitFor();
  await screen.signIn('customer1');
  await screen.page.waitForURL('**/en/app');
  screen.clean();
});

it('makes an account, and signs its owner in at once', async () => {
  const screen = await browser.screen({ width: 390, language: 'fr' });
  await screen.goto('/');
  await screen.page.locator('[data-page=landing] [role=radiogroup] label').nth(1).click();
  const name = `new-${Date.now()}`;
  const fields = { username: name, first_name: 'Noor', email: `${name}@example.com`, password: PASSWORD };
  for (const [field, text] of Object.entries(fields)) {
    await screen.page.locator(`form[data-form=register] input[name=${field}]`).fill(text);
  }
  await screen.page.locator('form[data-form=register] button[type=submit]').click();
  // A new customer chooses first where to deliver.
  await screen.page.locator('[data-act=save-place]').click();
  await screen.page.locator('[data-page=app] li[data-state=open]').first().waitFor();
  screen.clean();
});

it('two slots of one browser stay two people, through a reload and a token refresh', async () => {
  const first = await browser.screen();
  await first.goto('/');
  await first.page.locator('[data-id=crew1] [data-act=enter]').click();
  await first.page.waitForURL('**/en/crew');
  await first.live('crew');
  const second = await browser.beside(first);
  await second.enter('staff1', '/staff');
  await second.live('staff');

  // A token that is about to expire is renewed before the next request; both tabs keep their own.
  for (const screen of [first, second]) {
    await screen.page.evaluate(() => {
      for (const key of Object.keys(localStorage).filter((one) => one.endsWith('session'))) {
        const session = JSON.parse(localStorage.getItem(key) ?? '{}');
        localStorage.setItem(key, JSON.stringify({ ...session, expiresAt: Date.now() }));
      }
    });
  }
  const before = await first.page.evaluate(() => ({ ...localStorage }));
  await Promise.all([first.page.reload(), second.page.reload()]);
  await first.live('crew');
  await second.live('staff');
  const after = await first.page.evaluate(() => ({ ...localStorage }));
  const person = (held: Record<string, string>, key: string) =>
    JSON.parse(held[key] ?? '{}') as { user: { username: string }; refresh: string };
  expect(person(after, 'wassally.session').user.username).toBe('crew1');
  expect(person(after, 'wassally.staff1.session').user.username).toBe('staff1');
  for (const key of ['wassally.session', 'wassally.staff1.session']) {
    expect(person(after, key).refresh).not.toBe(person(before, key).refresh);
  }
  first.clean();
  second.clean();
});

it('opens another person in a tab beside', async () => {
  const screen = await browser.screen();
  await screen.goto('/');
  const opened = screen.page.waitForEvent('popup');
  await screen.page.locator('[data-id=staff1] [data-act=beside]').click();
  const tab = await opened;
  await tab.waitForURL(/\/en\/staff\?.*slot=/);
  await tab.locator('[data-page=staff]').waitFor();
  screen.clean();
});
