import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Eyes, type Look } from './kit/browser';
import { Person } from './kit/people';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let eyes: Eyes;
let order: string;
beforeAll(async () => {
  eyes = await Eyes.open();
  order = (await (await Person.signIn(eyes.url, 'customer1')).order()).id;
});
afterAll(() => eyes?.close());

const pages: [name: string, who: string | null, path: () => string, ready: string][] = [
  ['door', null, () => '/', '[data-page=door][data-ready]'],
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

type Found = { id: string; nodes: { target: string[]; failureSummary: string }[] };

it.each(pages.flatMap((page) => looks.map((look) => [page[0], look, page] as const)))(
  '%s is open to everybody: %o',
  async (_, look, [, who, path, ready]) => {
    const screen = await eyes.screen(look);
    if (who === null) await screen.goto(path());
    else await screen.enter(who, path());
    await screen.page.locator(ready).first().waitFor();
    await screen.page.evaluate(axe);
    const found = await screen.page.evaluate(async () => {
      const run = (window as unknown as { axe: { run: (o: object) => Promise<{ violations: Found[] }> } }).axe.run;
      const result = await run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa'] });
      return result.violations.map((one) => ({
        id: one.id,
        nodes: one.nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary}`),
      }));
    });
    expect(found).toEqual([]);
    const sideways = await screen.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(sideways).toBeLessThanOrEqual(0);
  },
);
