import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { hold, type Screen, TestBrowser } from './kit/browser';
import { Person } from './kit/people';
import { TcpProxy } from './kit/proxy';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// What comes and goes while somebody looks: as much as a minute brings.
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

/** Counts from the first paint on what moved without anybody's doing. */
async function watchShifts(screen: Screen) {
  await screen.page.addInitScript(() => {
    const seen = window as unknown as { shifted: number; moved: string[] };
    seen.shifted = 0;
    seen.moved = [];
    type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node?: Node }[] };
    new PerformanceObserver((list) => {
      for (const one of list.getEntries() as Shift[]) {
        if (one.hadRecentInput) continue;
        seen.shifted += one.value;
        seen.moved.push(
          ...one.sources.map(({ node }) => `${one.value} ${(node as Element)?.outerHTML?.slice(0, 160)}`),
        );
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}
const shifted = (screen: Screen) =>
  screen.page.evaluate(() => {
    const { shifted: sum, moved } = window as unknown as { shifted: number; moved: string[] };
    return { sum, moved };
  });

async function axeClean(screen: Screen, state: string) {
  await screen.page.evaluate(axe);
  const found = await screen.page.evaluate(async () => {
    type Found = { id: string; nodes: { target: string[]; failureSummary: string }[] };
    const run = (window as unknown as { axe: { run: (o: object) => Promise<{ violations: Found[] }> } }).axe.run;
    const result = await run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa'] });
    return result.violations.map((one) => [
      one.id,
      ...one.nodes.map((node) => `${node.target}: ${node.failureSummary}`),
    ]);
  });
  expect([state, found]).toEqual([state, []]);
}

it('through a busy while nothing on the staff page moves by itself', async () => {
  const screen = await browser.screen();
  await watchShifts(screen);
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
  const { sum, moved } = await shifted(screen);
  expect(sum, moved.join('\n')).toBeLessThanOrEqual(0.02);
  screen.clean();
});

it('through a busy while nothing on the crew page moves by itself', async () => {
  const screen = await browser.screen({ width: 390 });
  await watchShifts(screen);
  await screen.enter('crew14', '/crew');
  await screen.live('crew');
  await screen.page.locator('[data-near=live]').waitFor();
  for (let i = 0; i < ROUNDS; i += 1) {
    const { id } = await customer.order();
    await screen.page.locator(`[data-id="${id}"][data-state=near]`).waitFor();
    await customer.cancel(id);
    await screen.page.locator(`[data-id="${id}"][data-why=cancelled]`).waitFor();
  }
  const { sum, moved } = await shifted(screen);
  expect(sum, moved.join('\n')).toBeLessThanOrEqual(0.02);
  screen.clean();
});

it.each([
  ['light', 'en', 1440],
  ['dark', 'ar', 390],
] as const)('every state is open to everybody: %s %s %i', async (theme, language, width) => {
  const { id } = await customer.order();
  await crew.claim(id);
  const page = await browser.screen({ theme, language, width });
  page.tolerated = [/ERR_/, /WebSocket connection to/, /404/];
  await page.enter('crew14', '/crew');
  await page.live('crew');
  if (width < 800) await page.page.getByRole('tab').nth(1).click();
  const job = `li[data-id="${id}"]`;
  await page.page.locator(`${job} [data-act=pick-up]`).waitFor();
  await axeClean(page, 'crew, carrying');
  proxy.cut();
  await page.page.locator('[role=status][data-live=offline]').waitFor();
  await hold(page.page, `${job} [data-act=pick-up]`);
  await page.page.locator(`${job} [data-command][data-state=waiting]`).waitFor();
  await axeClean(page, 'crew, offline with unsent');
  await crew.release(id);
  proxy.mend();
  await page.page.locator('[data-command][data-state=refused]').waitFor();
  await axeClean(page, 'crew, refused');
  await page.page.locator('[data-act=dismiss]').click();

  for (const view of ['board', 'table', 'crews', 'map'] as const) {
    await page.enter('staff1', `/staff?view=${view}`);
    await page.live('staff');
    await axeClean(page, view);
  }
  await page.enter('staff1', `/staff?order=${id}`);
  await page.page.locator('[data-drawer=order][data-live=live]').waitFor();
  await page.page.locator('[data-act=reassign]').click();
  await page.page.locator('[data-pad=reassign]').waitFor();
  await axeClean(page, 'drawer, reassigning');
  proxy.cut();
  await page.page.locator('[role=status][data-live=offline]').waitFor();
  await axeClean(page, 'staff, offline');
  proxy.mend();
  await page.live('staff');
  await page.enter('staff1', '/staff?find=nothing-is-called-so');
  await page.live('staff');
  await axeClean(page, 'staff, empty');
  await customer.cancel(id);
  page.clean();
});
