//! Accessibility by axe's rules, and whether a page can be read without scrolling sideways.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Found = { id: string; nodes: { target: string[]; failureSummary: string }[] };

/** `state` names the page's state in the failure. */
export async function isAccessible(page: Page, state = '') {
  await isAtRest(page);
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const run = (window as unknown as { axe: { run: (o: object) => Promise<{ violations: Found[] }> } }).axe.run;
    const result = await run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa'] });
    return result.violations.map((one) => ({
      id: one.id,
      nodes: one.nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary}`),
    }));
  });
  expect(found, state).toEqual([]);
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(sideways, state).toBeLessThanOrEqual(0);
}

/** Waits for transitions: half-way through one, colours have a contrast that nobody reads by. */
async function isAtRest(page: Page) {
  await page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const running = () =>
      document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
    // A transition begins in the frame after the change that causes it.
    do {
      await Promise.allSettled(running().map((one) => one.finished));
      await frame();
      await frame();
    } while (running().some((one) => one.playState === 'running'));
  });
}
