//! Layout shifts that no input of the last half second explains, summed since the page was opened.
import type { Page } from 'playwright-core';

type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node?: Node | null }[] };

/** Starts with the next document. */
export async function measureShift(page: Page) {
  await page.addInitScript(() => {
    const seen = { sum: 0, by: [] as string[] };
    Object.assign(window, { shifted: seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        if (entry.hadRecentInput) continue;
        seen.sum += entry.value;
        const nodes = entry.sources.map(({ node }) => {
          const element = node instanceof Element ? node : node?.parentElement;
          return `${element?.tagName ?? '?'}.${element?.className ?? ''}`;
        });
        seen.by.push(`${entry.value.toFixed(4)} ${nodes.join(', ')}`);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

export const shifted = (page: Page): Promise<{ sum: number; by: string[] }> =>
  page.evaluate(() => (window as unknown as { shifted: { sum: number; by: string[] } }).shifted);
