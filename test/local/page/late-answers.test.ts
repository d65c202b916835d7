import { writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, nextFrames, openTab } from './browser.ts';
import {
  drawPicture,
  type PageStack,
  presigned,
  putObject,
  startPage,
  thumbnailRules,
} from './page-stack.ts';

describe.runIf(hasChromium)('answers that come late or never', () => {
  let stack: PageStack;
  let page: Page;
  /** How many answers there were since the first of them is held back. */
  let fetched = 0;

  beforeAll(async () => {
    stack = await startPage();
    await putObject(stack, 'uploads/cat.jpg', await drawPicture(80, 40), 'image/jpeg');
    await stack.stack.functionCompute.idle();
  });
  afterAll(() => stack?.close());

  /** Opens a view, and from then on holds the first answer of a path back; the answer of this lets it through. */
  async function openHolding(hash: string, isShown: string, path: RegExp): Promise<() => Promise<void>> {
    ({ page } = await openTab(stack.browser));
    await page.goto(`${stack.url}/${hash}`);
    await page.locator(isShown).first().waitFor();
    await page.waitForTimeout(300); // Nothing tells that a view, which may read twice to begin with, did so.
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    fetched = 0;
    let answered = 0;
    await page.route(path, async (route) => {
      const response = await route.fetch();
      fetched += 1;
      await (fetched === 1 && released);
      await route.fulfill({ response });
      answered += 1;
    });
    return async () => {
      release();
      await expect.poll(() => answered).toBeGreaterThan(1);
      await nextFrames(page);
    };
  }

  const put = (key: string) => putObject(stack, key, Buffer.from('text'), 'text/plain');
  const remove = async (key: string) => {
    await expect.poll(() => fetched).toBe(1); // The page asks about the upload first.
    await fetch(`${stack.url}${presigned('DELETE', key)}`, { method: 'DELETE' });
    await page.waitForTimeout(400); // A reading that waited for none would be over, and overtaken.
  };

  it('offers nothing of an object that was deleted since a late answer was asked for', async () => {
    await put('story.txt');
    const release = await openHolding(
      '#/browse?bucket=photos&key=story.txt',
      'dialog .actions',
      /\/object\?/,
    );
    await put('story.txt');
    await remove('story.txt');
    await release();

    await expect.poll(() => page.locator('dialog').innerText()).toContain('It does not exist.');
    expect(await page.locator('dialog .actions').count()).toBe(0);
    await page.context().close();
  });

  it('lists no object that was deleted since a late answer was asked for', async () => {
    const release = await openHolding('#/browse?bucket=photos', '.tiles li', /\/objects\?/);
    await put('aaa.txt');
    await remove('aaa.txt');
    await release();

    expect(await page.locator('.tiles .name').allTextContents()).not.toContain('aaa.txt');
    expect(await page.locator('.tiles .name').allTextContents()).toContain('cat.jpg');
    await page.context().close();
  });

  it('shows what another server at the same address has, in every view that was open', async () => {
    const open = async (hash: string, isShown: string) => {
      const tab = await openTab(stack.browser);
      await tab.page.goto(`${stack.url}/${hash}`);
      await tab.page.locator(isShown).first().waitFor();
      return tab.page;
    };
    const browse = await open('#/browse', '.tiles li');
    const rules = await open('#/rules', '.cm-content');
    const late = await open('#/drop', '.drop-zone');
    await stack.restart(async () => {
      await late.getByRole('link', { name: 'Rules' }).click();
      await late.getByText('The local OSS does not answer').first().waitFor();
      await writeFile(stack.rulesFile, thumbnailRules.replace('thumbnail', 'renamed'));
    });

    await expect.poll(() => browse.locator('.tiles li').count()).toBe(0);
    for (const tab of [rules, late]) {
      await expect.poll(() => tab.locator('.cm-content').innerText()).toContain('renamed');
      expect(await tab.locator('.saving-state').innerText()).toContain('Saved');
    }
  });
});
