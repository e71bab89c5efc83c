import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Screen, TestBrowser } from './kit/browser';
import { Person } from './kit/people';
import { TcpProxy } from './kit/proxy';

let proxy: TcpProxy;
let browser: TestBrowser;
let staff: Person;
let crew: Person;
const customers: Person[] = [];
beforeAll(async () => {
  proxy = await TcpProxy.to(inject('url'));
  browser = await TestBrowser.open(proxy.url);
  staff = await Person.signIn(inject('url'), 'staff1');
  crew = await Person.signIn(inject('url'), 'crew9');
  for (const n of [9, 10, 11]) customers.push(await Person.signIn(inject('url'), `customer${n}`));
  await crew.emptyHanded();
  await crew.onDuty(true);
  await crew.ping(28.501, 26.5);
});
afterAll(async () => {
  await browser?.close();
  await proxy?.close();
});

const disconnected = [/ERR_/, /WebSocket connection to/, /409/, /422/];
type Listed = { items: { id: string; status: string; crew: { id: string } | null }[]; next: string | null };

/** Every order under way according to REST, as `id state crew`. */
async function byRest(): Promise<string[]> {
  const all: Listed['items'] = [];
  let cursor = '';
  do {
    const page: Listed = await staff.get(
      `/api/orders/?status=CREATED,PROCESSING,SHIPPED,DELIVERY_FAILED&limit=100${cursor && `&cursor=${cursor}`}`,
    );
    all.push(...page.items);
    cursor = page.next ?? '';
  } while (cursor !== '');
  return all.map((one) => `${one.id} ${one.status} ${one.crew?.id ?? ''}`).sort();
}

const byBoard = (screen: Screen) =>
  screen.page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-column]:not([data-column=attention], [data-column=over]) li')]
      .map((card) => `${card.dataset.id} ${card.dataset.state} ${card.dataset.crew ?? ''}`)
      .sort(),
  );

async function onBoard(path = '/staff?view=board'): Promise<Screen> {
  const screen = await browser.screen();
  screen.tolerated = disconnected;
  await screen.enter('staff1', path);
  await screen.live('staff');
  return screen;
}

it.each([
  ['200 changes', 200],
  // Each change is two messages in the room, one of the order and one of the crew; it remembers 500.
  ['more changes than the staff room remembers', 300],
])('after an interruption of %s the board equals REST', async (_, changes) => {
  const screen = await onBoard();
  const followed = await Promise.all(customers.map((one) => one.order()));
  for (const one of followed) await screen.page.locator(`[data-column=CREATED] [data-id="${one.id}"]`).waitFor();
  proxy.cut();
  await screen.page.locator('[role=status][data-live=offline]').waitFor();
  const [moved, ended, left] = followed.map((one) => one.id) as [string, string, string];
  for (let i = 0; i < changes / 2; i += 1) {
    await crew.claim(moved);
    await crew.release(moved);
  }
  await crew.claim(moved);
  await customers[1]?.cancel(ended);
  const placed = await customers[1]?.order();
  proxy.mend();
  await screen.live('staff');
  await screen.page.locator(`[data-column=PROCESSING] [data-id="${moved}"][data-crew="${crew.id}"]`).waitFor();
  await screen.page.locator(`[data-column=CREATED] [data-id="${placed?.id}"]`).waitFor();
  await expect.poll(() => byBoard(screen)).toEqual(await byRest());
  await crew.release(moved);
  for (const [i, id] of [moved, placed?.id ?? '', left].entries()) await customers[i]?.cancel(id);
  screen.clean();
});

it('nothing moves under the pointer: an order that leaves shows its new state, new ones wait', async () => {
  const screen = await onBoard();
  const [first, second] = await Promise.all([customers[0]?.order(), customers[1]?.order()]);
  const column = screen.page.locator('[data-column=CREATED]');
  const card = column.locator(`[data-id="${first?.id}"]`);
  await card.waitFor();
  await column.locator(`[data-id="${second?.id}"]`).waitFor();
  await card.hover();
  await column.locator('[data-held]').waitFor();
  const place = () =>
    column.locator(`[data-id="${second?.id}"]`).evaluate((one) => one.style.getPropertyValue('--place'));
  const before = await place();

  await crew.claim(first?.id ?? '');
  await column.locator(`[data-id="${first?.id}"][data-gone][data-state=PROCESSING]`).waitFor();
  const third = await customers[2]?.order();
  await column.locator('[data-act=let-in][data-fresh="1"]').waitFor();
  expect(await column.locator(`[data-id="${third?.id}"]`).count()).toBe(0);
  expect(await place()).toBe(before);

  await column.locator('[data-act=let-in]').click();
  await column.locator(`[data-id="${third?.id}"]`).waitFor();
  await card.waitFor({ state: 'detached' });
  await crew.release(first?.id ?? '');
  for (const [i, one] of [first, second, third].entries()) await customers[i]?.cancel(one?.id ?? '');
  screen.clean();
});

it('the table keeps its rows until new ones are let in; search, view and order are part of the address', async () => {
  const order = await customers[0]?.order();
  const screen = await onBoard(`/staff?view=table&order=${order?.id}`);
  await screen.page.locator(`tr[data-id="${order?.id}"] [aria-pressed=true]`).waitFor();
  await screen.page.locator(`[data-drawer=order][data-id="${order?.id}"]`).waitFor();
  const later = await customers[1]?.order();
  await screen.page.locator('[data-act=let-in][data-fresh="1"]').click();
  await screen.page.locator(`tr[data-id="${later?.id}"]`).waitFor();
  await screen.page
    .getByRole('textbox')
    .first()
    .fill(later?.code ?? '');
  await screen.page.reload();
  await screen.live('staff');
  await screen.page.locator(`tr[data-id="${later?.id}"]`).waitFor();
  expect(await screen.page.locator('tbody tr').count()).toBe(1);

  await crew.claim(later?.id ?? '');
  await screen.page.getByText('By crew', { exact: true }).click();
  await screen.page.locator(`tr[data-id="${crew.id}"] [data-id="${later?.id}"]`).waitFor();
  await crew.release(later?.id ?? '');
  await customers[0]?.cancel(order?.id ?? '');
  await customers[1]?.cancel(later?.id ?? '');
  screen.clean();
});

it('reassigning needs a reason; a colleague sees the change; the focus returns', async () => {
  const order = await customers[0]?.order();
  const id = order?.id ?? '';
  const mine = await onBoard(`/staff?view=board&find=${order?.code}`);
  const other = await onBoard(`/staff?view=board&order=${id}`);
  await other.page.locator('[data-drawer=order][data-live=live]').waitFor();
  await mine.page.locator(`[data-column=CREATED] [data-id="${id}"]`).waitFor();
  await mine.page.keyboard.press('j');
  await mine.page.locator('[data-drawer=order][data-live=live]').waitFor();
  await mine.page.keyboard.press('r');
  await mine.page.locator('[data-pad=reassign] input').waitFor();
  await mine.page.keyboard.press('Tab');
  await mine.page.keyboard.press('Enter');
  await mine.page.locator('[data-pad=reassign] [data-error=reason_required]').waitFor();
  await mine.page.keyboard.type('closest');
  await mine.page.keyboard.press('Tab');
  await mine.page.keyboard.press('Enter');
  await other.page.locator('[data-drawer=order][data-state=PROCESSING] [data-recent]').waitFor();
  await mine.page.locator('[data-drawer=order][data-state=PROCESSING]').waitFor();
  await mine.page.locator('[data-drawer=order] [data-act=reassign]:focus').waitFor();
  expect(await mine.page.locator('[data-recent]').count()).toBe(0);
  await mine.page.keyboard.press('Escape');
  await mine.page.locator('[data-drawer=order]').waitFor({ state: 'detached' });
  await mine.page.locator(`[data-id="${id}"] button:focus`).waitFor();
  await customers[0]?.cancel(id);
  for (const one of [mine, other]) one.clean();
});

it('without the PIN an order is delivered only with a reason', async () => {
  const order = await customers[0]?.order();
  const id = order?.id ?? '';
  await crew.claim(id);
  await crew.advance(id);
  const screen = await onBoard(`/staff?order=${id}`);
  await screen.page.locator('[data-drawer=order][data-state=SHIPPED] [data-act=deliver]').click();
  await screen.page.getByRole('dialog').getByRole('textbox').fill('   ');
  await screen.page.getByRole('dialog').locator('[data-act=sure]').click();
  await screen.page.locator('[data-drawer=order] [data-error=reason_required]').waitFor();
  await screen.page.locator('[data-drawer=order] [data-act=deliver]').click();
  await screen.page.getByRole('dialog').getByRole('textbox').fill('handed over before me');
  await screen.page.getByRole('dialog').locator('[data-act=sure]').click();
  await screen.page.locator('[data-drawer=order][data-state=DELIVERED]').waitFor();
  expect(await screen.page.locator('[data-drawer=order] [data-act]').count()).toBe(0);
  screen.clean();
});

it('from afar the city is hexes, near by it is dots, of the same number', async () => {
  const order = await customers[0]?.order();
  const screen = await onBoard('/staff?view=map&heat=true');
  await screen.page.locator('[data-drawn][data-far=false]').waitFor();
  // A zoom step that begins during the one before starts from where that is: it takes as many as it takes.
  const zoomOut = async () => {
    await screen.page.locator('.maplibregl-ctrl-zoom-out').click();
    return screen.page.locator('[data-far=true]').count();
  };
  await expect.poll(zoomOut, { interval: 300, timeout: 45_000 }).toBe(1);
  const map = await staff.get<{ cells: { waiting: number }[] }>('/api/staff/crews/map/');
  expect(map.cells.reduce((all, cell) => all + cell.waiting, 0)).toBeGreaterThan(0);
  await screen.page.locator(`[data-cells="${map.cells.length}"]`).waitFor();
  expect(Number(await screen.page.locator('[data-drawn]').getAttribute('data-drawn'))).toBeGreaterThan(0);
  expect(await screen.page.locator('[data-act=heat]').isChecked()).toBe(true);
  await customers[0]?.cancel(order?.id ?? '');
  screen.clean();
});
