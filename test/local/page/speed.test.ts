import type { CDPSession } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatTable } from '../../../src/cli/terminal.ts';
import { hasChromium, openTab } from './browser.ts';
import { drawPicture, type PageStack, putObject, startPage } from './page-stack.ts';

describe.runIf(hasChromium)('the speed of the page', () => {
  let stack: PageStack;

  beforeAll(async () => {
    stack = await startPage();
  });
  afterAll(() => stack?.close());

  it('sends less than 100 KB for the first view, and the editor only to who opens one', async () => {
    const { page } = await openTab(stack.browser);
    const sent = new Map<string, number>();
    page.on('response', async (answer) => {
      const name = new URL(answer.url()).pathname;
      if (!name.endsWith('/live')) {
        sent.set(name, (await answer.body()).length);
      }
    });
    await page.goto(stack.url);
    await page.getByRole('button', { name: 'Choose pictures' }).waitFor();
    const interactiveMs = await page.evaluate('performance.now()');
    const firstBytes = [...sent.values()].reduce((sum, bytes) => sum + bytes, 0);
    const first = new Set(sent.keys());
    await page.goto(`${stack.url}/#/rules`);
    await page.locator('.cm-content').waitFor();

    const later = [...sent].filter(([name]) => !first.has(name) && name.endsWith('.js'));
    const rows = [...first].map((name) => [name, (sent.get(name) ?? 0).toLocaleString('en')]);
    const sum = ['first view, interactive after', `${Math.round(Number(interactiveMs))} ms`];
    console.log(
      formatTable([['file', 'bytes'], ...rows, ['together', firstBytes.toLocaleString('en')], sum]),
    );
    expect(firstBytes).toBeLessThan(100_000);
    expect(later.some(([, bytes]) => bytes > 200_000)).toBe(true);
  });

  it('scrolls through 1,000 objects with less work for a frame, on average, than there is time for', async () => {
    const { page } = await openTab(stack.browser);
    await page.goto(stack.url);
    await fillBucket(stack, 1000);
    await page.goto(`${stack.url}/#/browse`);
    await expect.poll(() => page.locator('.tiles li').count()).toBe(1000);
    await page.waitForTimeout(500); // The first screen settles: what is measured is the scrolling alone.

    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const before = await readTaskSeconds(devtools);
    const frames = await page.evaluate(`new Promise((resolve) => {
      const times = [];
      let last = performance.now();
      const step = (now) => {
        times.push(now - last);
        last = now;
        scrollBy(0, 120);
        const isEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
        times.length >= 240 || isEnd ? resolve(times.sort((a, b) => a - b)) : requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    })`);
    const times = Array.isArray(frames) ? frames.map(Number) : [];
    const workMs = (((await readTaskSeconds(devtools)) - before) * 1000) / times.length;
    const at = (share: number) => `${(times[Math.floor(times.length * share)] ?? 0).toFixed(1)} ms`;
    console.log(
      formatTable([
        ['1,000 objects, frames', 'median', '95 %', 'work of the page in each'],
        [String(times.length), at(0.5), at(0.95), `${workMs.toFixed(1)} ms`],
      ]),
    );

    // Processor time: how long a frame takes by the clock depends on what else the machine does.
    expect(workMs).toBeLessThan(1000 / 60);
  });
});

/** Uploads objects under keys that no rule takes. */
async function fillBucket(stack: PageStack, count: number): Promise<void> {
  const picture = await drawPicture(60, 40);
  for (let i = 0; i < count; i += 1) {
    await putObject(stack, `many/${String(i).padStart(4, '0')}.jpg`, picture, 'image/jpeg');
  }
}

/** Processor time that the page's main thread has had. */
async function readTaskSeconds(devtools: CDPSession): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
}
