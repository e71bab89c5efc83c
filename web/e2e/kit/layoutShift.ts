//! How much moved by itself: layout shifts that no press of the last half second explains, summed since the page began.
import type { Page } from 'playwright-core';

type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node?: Node | null }[] };

/** From the next document on. */
export async function measureShift(page: Page) {
  await page.addInitScript(() => {
    const told = { sum: 0, by: [] as string[] };
    Object.assign(window, { shifted: told });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        if (entry.hadRecentInput) continue;
        told.sum += entry.value;
        const nodes = entry.sources.map(({ node }) => {
          const element = node instanceof Element ? node : node?.parentElement;
          return `${element?.tagName ?? '?'}.${element?.className ?? ''}`;
        });
        told.by.push(`${entry.value.toFixed(4)} ${nodes.join(', ')}`);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

export const shifted = (page: Page): Promise<{ sum: number; by: string[] }> =>
  page.evaluate(() => (window as unknown as { shifted: { sum: number; by: string[] } }).shifted);
