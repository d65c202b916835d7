import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { Dialog } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, openTab, type Watched } from './browser.ts';
import {
  drawPicture,
  editorText,
  openRules,
  type PageStack,
  putObject,
  startPage,
  thumbnailRules,
} from './page-stack.ts';

describe.runIf(hasChromium)('the file of rules', () => {
  let stack: PageStack;
  let tab: Watched;
  const text = () => editorText(tab.page);
  const saved = () => readFile(stack.rulesFile, 'utf8');

  beforeAll(async () => {
    stack = await startPage();
    tab = await openTab(stack.browser);
  });
  afterAll(() => stack?.close());
  beforeEach(() => openRules(stack, tab.page));

  const write = (rules: string) => tab.page.locator('.cm-content').fill(rules);

  it('says in words that rules could not be saved because nobody answers, and saves them later', async () => {
    await tab.page.route('**/-/page/rules', (route) =>
      route.request().method() === 'PUT' ? route.abort() : route.continue(),
    );
    await write(`${thumbnailRules}# edited`);
    await tab.page.getByRole('button', { name: 'Save' }).click();

    const told = tab.page.getByText('The local OSS does not answer').first();
    await told.waitFor();
    // A file that is read once more says nothing of the edits.
    const readAgain = tab.page.waitForResponse('**/-/page/rules');
    await writeFile(stack.rulesFile, thumbnailRules);
    await readAgain;
    await setTimeout(200); // Nothing tells that the page took an answer that changes nothing.
    expect(await told.isVisible()).toBe(true);
    expect(await tab.page.locator('main').textContent()).not.toContain('Failed to fetch');
    // The browser's own report of it.
    await expect.poll(() => tab.errors.splice(0)).toEqual(['Failed to load resource: net::ERR_FAILED']);
    await tab.page.unroute('**/-/page/rules');
    await tab.page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(saved).toContain('# edited');
  });

  it('saves the file, by which the running function makes other derivatives', async () => {
    await write(thumbnailRules.replace('[100, 200]', '[64]'));
    await tab.page.keyboard.press('Control+s');
    await expect.poll(saved).toContain('w: [64]');
    await expect.poll(() => tab.page.getByRole('status').allTextContents()).toContain('Saved');

    await putObject(stack, 'uploads/fresh.jpg', await drawPicture(400, 200), 'image/jpeg');
    await stack.stack.functionCompute.idle();
    await tab.page.goto(`${stack.url}/#/browse`);

    await expect.poll(() => tab.page.locator('.tiles .name').allTextContents()).toContain('fresh-64.webp');
    expect(await tab.page.locator('.tiles .name').allTextContents()).not.toContain('fresh-100.webp');
  });

  it('takes what another editor saved', async () => {
    await writeFile(stack.rulesFile, thumbnailRules.replace('thumbnail', 'renamed'));

    await expect.poll(text).toContain('- name: renamed');
    await expect.poll(() => tab.page.locator('.graph li strong').allTextContents()).toEqual(['renamed']);
  });

  it('keeps the last good rules while the file is broken, and says so', async () => {
    await writeFile(stack.rulesFile, thumbnailRules.replace('outputs:', 'output:'));

    const banner = tab.page.getByText('the function keeps the last good rules').first();
    await banner.waitFor();
    await putObject(stack, 'uploads/still.jpg', await drawPicture(400, 200), 'image/jpeg');
    await stack.stack.functionCompute.idle();
    await writeFile(stack.rulesFile, thumbnailRules);
    await expect.poll(() => tab.page.getByText('the function keeps the last good rules').count()).toBe(0);

    await tab.page.goto(`${stack.url}/#/browse`);
    await expect.poll(() => tab.page.locator('.tiles .name').allTextContents()).toContain('still-100.webp');
  });

  it('loses neither the edits made here nor those made elsewhere', async () => {
    const theirs = thumbnailRules.replace('thumbnail', 'theirs');
    await write(thumbnailRules.replace('thumbnail', 'mine'));
    await writeFile(stack.rulesFile, theirs);
    await tab.page.getByText('The file was changed elsewhere.').waitFor();

    expect(await text()).toContain('- name: mine');
    expect(await saved()).toBe(theirs);
    await tab.page.getByRole('button', { name: 'Keep mine' }).click();
    await tab.page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(saved).toContain('- name: mine');
  });

  it('keeps what is typed while the file is saved, and does not call it saved', async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await tab.page.route('**/-/page/rules', (route) =>
      route.request().method() === 'PUT' ? released.then(() => route.continue()) : route.continue(),
    );
    await write(`${thumbnailRules}# one`);
    await tab.page.keyboard.press('Control+s');
    await tab.page.getByText('Saving…').waitFor();
    await tab.page.keyboard.press('Control+End');
    await tab.page.keyboard.type(' two');
    release();
    await expect.poll(saved).toContain('# one');
    await tab.page.getByText('Not saved').waitFor();
    await tab.page.unroute('**/-/page/rules');
    await tab.page.keyboard.type(' three');

    expect(await text()).toContain('# one two three');
    expect(await tab.page.getByText('The file was changed elsewhere.').count()).toBe(0);
    await tab.page.keyboard.press('Control+s');
    await expect.poll(saved).toContain('# one two three');
    await tab.page.getByText('Saved', { exact: true }).waitFor();
  });

  it('does not go back to an answer about the file as it was before it was saved', async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const early: string[] = [];
    await tab.page.route('**/-/page/rules', async (route) => {
      if (route.request().method() !== 'GET' || early.length > 0) {
        return route.continue();
      }
      const answer = await route.fetch();
      early.push(await answer.text());
      await released;
      return route.fulfill({ response: answer });
    });
    await writeFile(stack.rulesFile, thumbnailRules); // The watcher sees its new time, and tells of it.
    await expect.poll(() => early.length).toBe(1);
    await write(`${thumbnailRules}# mine`);
    await tab.page.keyboard.press('Control+s');
    await tab.page.waitForTimeout(500); // A save that waited for no answer would be over, and overtaken below.
    release();

    await expect.poll(saved).toContain('# mine');
    await tab.page.getByText('Saved', { exact: true }).waitFor();
    expect(await text()).toContain('# mine');
    await tab.page.unroute('**/-/page/rules');
  });

  it('still says that the file was changed elsewhere after one has typed on', async () => {
    await write(`${thumbnailRules}# mine`);
    await writeFile(stack.rulesFile, `${thumbnailRules}# theirs`);
    await tab.page.getByText('The file was changed elsewhere.').waitFor();
    await tab.page.keyboard.press('Control+End');
    await tab.page.keyboard.type(' more');

    expect(await tab.page.getByText('The file was changed elsewhere.').count()).toBe(1);
    await tab.page.getByRole('button', { name: 'Load it' }).click();
    await expect.poll(text).toContain('# theirs');
    await tab.page.getByText('Saved', { exact: true }).waitFor();
  });

  it('asks before it is left with edits, and only then', async () => {
    const asked: string[] = [];
    const stay = (dialog: Dialog) => {
      asked.push(dialog.type());
      return dialog.dismiss();
    };
    tab.page.on('dialog', stay);
    await write(`${thumbnailRules}# edited`);
    await tab.page.getByRole('link', { name: 'Browse' }).click();
    await tab.page.evaluate('location.reload()');
    await expect.poll(() => asked).toEqual(['beforeunload']);
    await tab.page.getByRole('link', { name: 'Rules' }).click();
    await tab.page.getByRole('button', { name: 'Save' }).click();
    await tab.page.getByText('Saved', { exact: true }).waitFor();

    await tab.page.reload();
    await tab.page.locator('.cm-content').waitFor();
    tab.page.off('dialog', stay);

    expect(asked).toEqual(['beforeunload']);
    expect(await text()).toContain('# edited');
  });

  it('leaves the line ends of the file as they are', async () => {
    const windows = (rules: string) => rules.replaceAll('\n', '\r\n');
    await writeFile(stack.rulesFile, windows(`${thumbnailRules}# theirs`));
    await expect.poll(text).toContain('# theirs');
    await tab.page.getByText('Saved', { exact: true }).waitFor();
    await tab.page.locator('.cm-content').click();
    await tab.page.keyboard.press('Control+End');
    await tab.page.keyboard.type(' and mine');
    await tab.page.keyboard.press('Control+s');

    await expect.poll(saved).toBe(windows(`${thumbnailRules}# theirs and mine`));
  });

  it('leaves the caret where it is when another editor saves', async () => {
    await tab.page.locator('.cm-line', { hasText: 'match:' }).click();
    await writeFile(stack.rulesFile, thumbnailRules.replace('thumbnail', 'renamed'));
    await expect.poll(text).toContain('- name: renamed');

    expect(await tab.page.locator('.cm-activeLine').textContent()).toContain('match:');
  });

  it('asks no other machine for anything, and reports no error of its own', () => {
    expect(tab.foreign).toEqual([]);
    expect(tab.errors).toEqual([]);
  });
});
