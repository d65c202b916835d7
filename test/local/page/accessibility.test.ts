import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, openTab } from './browser.ts';
import { drawPicture, drop, type PageStack, putObject, startPage, thumbnailRules } from './page-stack.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const views = {
  drop: '#/drop',
  try: '#/try?style=image/resze,w_100',
  rules: '#/rules',
  objects: '#/browse',
  'one object': '#/browse?bucket=photos&key=uploads/cat.jpg',
  'dead letters': '#/browse?show=dead-letters',
  failures: '#/browse?show=failures',
};

/** Their errors make a long dead letter. */
const manyOutputs = `  - name: many
    match: { key: "uploads/broken.*" }
    outputs:
      - style: image/resize,w_{w}
        vary: { w: [1, 2, 3, 4, 5, 6, 7, 8, 9] }
        target: { key: "derived/{name}-{w}.many" }
`;

/** The last parts of the views to be there, some of each. */
const lastParts = [
  '.output .pixels',
  '.compare img',
  '.graph li',
  '.tiles li',
  '.letters li',
  '.failures li',
];
/** Animations that have an end, and have not come to it. */
const countMoving =
  'document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < Infinity && one.playState === "running").length';

describe.runIf(hasChromium)('every view', () => {
  let stack: PageStack;

  beforeAll(async () => {
    // Names without a place to break are as narrow as the page; the file is longer than the editor is high.
    const rules = thumbnailRules.replace('thumbnail', 'thumbnail'.padEnd(64, 'l'));
    stack = await startPage(`${rules}${manyOutputs}${'#\n'.repeat(60)}`);
    const { page } = await openTab(stack.browser);
    await page.goto(stack.url);
    await putObject(stack, 'uploads/cat.jpg', await drawPicture(800, 400), 'image/jpeg');
    await putObject(stack, `${'folder'.repeat(60)}/a.jpg`, await drawPicture(80, 40), 'image/jpeg');
    await putObject(stack, 'uploads/broken.jpg', Buffer.from('no picture'), 'image/jpeg');
    await stack.stack.functionCompute.idle();
    await page.close();
  });
  afterAll(() => stack?.close());

  async function open(hash: string, options: Parameters<typeof openTab>[1] = {}): Promise<Page> {
    const { page } = await openTab(stack.browser, { ...options, bypassCSP: true });
    await page.goto(`${stack.url}/${hash}`);
    if (hash === views.drop) {
      await drop(page, [{ name: 'cat.jpg', mimeType: 'image/jpeg', buffer: await drawPicture(800, 400) }]);
      await expect.poll(() => page.locator('.pixels').count()).toBe(2);
    }
    await page
      .locator(hash === views['one object'] ? 'dialog .timeline li' : lastParts.join())
      .first()
      .waitFor();
    await expect.poll(() => page.locator('main .loading').count()).toBe(0);
    await expect.poll(() => page.evaluate(countMoving)).toBe(0);
    return page;
  }

  describe.each(Object.entries(views))('%s', (_, hash) => {
    it.each(['light', 'dark'] as const)('has no violation that axe knows of (%s)', async (colorScheme) => {
      const page = await open(hash, { colorScheme });
      await page.evaluate(axe);

      const violations = await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html, nodes[0].failureSummary]))',
      );
      await page.context().close();

      expect(violations).toEqual([]);
    });

    it('does not scroll sideways on a phone', async () => {
      const page = await open(hash, {
        viewport: { width: 360, height: 740 },
        isMobile: true,
        hasTouch: true,
      });

      const widths = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
      await page.context().close();

      expect(widths).toEqual([360, 360]);
    });

    // The checker speaks English everywhere.
    it('is wholly Chinese for who reads Chinese', async () => {
      const page = await open(hash, { locale: 'zh-CN' });

      const headings = await page
        .locator('nav a, h1, h2, h3, button:not(.diagnostics *), label')
        .allInnerTexts();
      const lang = await page.evaluate('document.documentElement.lang');
      await page.context().close();

      const names = /^(English|rules\.yaml|cat\.jpg|[\w.:/-]*)$/; // Names of things have no translation.
      const english = headings
        .map((text) => text.trim())
        .filter((text) => !names.test(text) && !/\p{Script=Han}/u.test(text));
      expect(lang).toBe('zh-CN');
      expect(english).toEqual([]);
    });
  });

  it('Browse is as wide as a phone before its objects are laid out, too', async () => {
    const { page } = await openTab(stack.browser, {
      viewport: { width: 360, height: 740 },
      isMobile: true,
      bypassCSP: true,
    });
    await page.addInitScript(`addEventListener('DOMContentLoaded', () => {
      document.head.append(document.createElement('style'));
      document.head.lastChild.textContent = '.tiles { content-visibility: hidden !important; }';
    })`);
    await page.goto(`${stack.url}/${views.objects}`);
    await page.locator('.tiles').first().waitFor({ state: 'attached' });

    const widths = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
    await page.context().close();

    expect(widths).toEqual([360, 360]);
  });

  it('changes its language and its theme at a click, and keeps them', async () => {
    const page = await open(views.drop);
    await page.getByRole('button', { name: '中文' }).click();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('把图片拖到这里');
    await page.getByRole('button', { name: /^主题/ }).click();
    await page.getByRole('button', { name: /^主题/ }).click();
    await page.reload();

    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('把图片拖到这里');
    expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('dark');
    await page.context().close();
  });

  it('can be reached and used by keyboard alone', async () => {
    const page = await open(views.objects);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.getByRole('link', { name: 'cat.jpg' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(1);
    await page.keyboard.press('Escape');

    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await page.context().close();
  });
});
