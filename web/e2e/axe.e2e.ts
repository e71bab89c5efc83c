import { afterAll, beforeAll, it } from 'vitest';
import { isAccessible } from './kit/axe';
import { type Look, TestBrowser } from './kit/browser';
import { Person } from './kit/people';

let browser: TestBrowser;
let order: string;
beforeAll(async () => {
  browser = await TestBrowser.open();
  order = (await (await Person.signIn(browser.url, 'customer1')).order()).id;
});
afterAll(() => browser?.close());

const pages: [name: string, who: string | null, path: () => string, ready: string][] = [
  ['door', null, () => '/', '[data-page=landing][data-ready]'],
  ['shops', 'customer1', () => '/app', '[data-page=app] li[data-state=open]'],
  ['tracking', 'customer1', () => `/app/orders/${order}`, '[data-page=tracking][data-live=live]'],
  ['crew', 'crew1', () => '/crew', '[data-page=crew][data-live=live]'],
  ['board', 'staff1', () => '/staff?view=board', '[data-page=staff][data-live=live]'],
  ['city', 'staff1', () => '/staff?view=map', '[data-page=staff] [data-map=ready]'],
  ['drawer', 'staff1', () => `/staff?order=${order}`, '[data-drawer=order][data-live=live]'],
];
const looks: Look[] = [
  { width: 1440, theme: 'light', language: 'en' },
  { width: 390, theme: 'dark', language: 'ar' },
];

it.each(pages.flatMap((page) => looks.map((look) => [page[0], look, page] as const)))(
  '%s is accessible: %o',
  async (_, look, [, who, path, ready]) => {
    const screen = await browser.screen(look);
    if (who === null) await screen.goto(path());
    else await screen.enter(who, path());
    await screen.page.locator(ready).first().waitFor();
    await isAccessible(screen.page);
  },
);
