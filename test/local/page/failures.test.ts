import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, openTab, type Watched } from './browser.ts';
import { drawPicture, type PageStack, putObject, startPage } from './page-stack.ts';

describe.runIf(hasChromium)('failures and dead letters', () => {
  let stack: PageStack;
  let tab: Watched;

  beforeAll(async () => {
    stack = await startPage();
    tab = await openTab(stack.browser);
    await putObject(stack, 'uploads/cat.jpg', await drawPicture(80, 40), 'image/jpeg');
    await stack.stack.functionCompute.idle();
  });
  afterAll(() => stack?.close());

  it('counts the requests that a failure met while one looks, and switches back what was refused', async () => {
    await tab.page.goto(`${stack.url}/#/browse?show=failures`);
    await tab.page.getByLabel('Internal errors').check();
    await tab.page.getByText('0 times so far').waitFor();
    for (const name of ['one', 'two', 'three']) {
      await putObject(stack, `uploads/count-${name}.jpg`, await drawPicture(80, 40), 'image/jpeg');
    }
    await stack.stack.functionCompute.idle();

    await expect.poll(() => tab.page.locator('.failures').innerText()).toMatch(/[1-9]\d* times so far/);
    await tab.page.route('**/-/page/faults', (route) =>
      route.request().method() === 'PUT'
        ? route.fulfill({ status: 500, json: { message: 'The disk is full.' } })
        : route.continue(),
    );
    await tab.page.getByLabel('Internal errors').click();
    await tab.page.getByText('The disk is full.').waitFor();
    expect(await tab.page.getByLabel('Internal errors').isChecked()).toBe(true);
    await tab.page.unroute('**/-/page/faults');
    await tab.page.getByRole('button', { name: 'All off' }).click();
    await tab.page.getByText('Failures are switched on').waitFor({ state: 'hidden' });
    await tab.page.getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => tab.errors.splice(0)).toEqual([expect.stringContaining('status of 500')]);
  });

  it('switches a failure on and off; what it broke for good can be tried again', async () => {
    await tab.page.goto(`${stack.url}/#/browse?show=failures`);
    await tab.page.getByLabel('Access is denied').check();
    await expect.poll(() => tab.page.getByText('Failures are switched on: 1.').count()).toBe(1);
    await putObject(stack, 'uploads/dog.jpg', await drawPicture(80, 40), 'image/jpeg');
    await stack.stack.functionCompute.idle();

    await tab.page.getByRole('link', { name: /Dead letters/ }).click();
    await expect
      .poll(() => tab.page.locator('.letters').innerText())
      .toMatch(/uploads\/dog\.jpg[\s\S]*AccessDenied/);
    await tab.page.getByRole('link', { name: /Failures/ }).click();
    await tab.page.getByLabel('Access is denied').uncheck();
    await expect.poll(() => tab.page.getByText('Failures are switched on').count()).toBe(0);
    await tab.page.getByRole('link', { name: /Dead letters/ }).click();
    await tab.page.getByRole('button', { name: 'Try again' }).click();

    await expect.poll(() => tab.page.getByText('No event has failed for good.').count()).toBe(1);
    expect(await tab.page.evaluate('document.activeElement.tagName')).toBe('MAIN');
    expect(await readdir(stack.stack.deadLetterDir)).toEqual([]);
    await tab.page.getByRole('link', { name: 'Objects' }).click();
    await expect
      .poll(() => tab.page.locator('.tiles .name').allTextContents())
      .toEqual(expect.arrayContaining(['dog-100.webp', 'dog-200.webp']));
  });

  it('lists the failures that no switch offers beside those that one does, and All off ends limits as well', async () => {
    const rules = [
      { fault: 'HalfOpen', key: 'none' },
      { fault: 'CpuLimitExceeded', key: 'none', probability: 0.29 },
    ];
    const body = JSON.stringify({ imageCallsPerSecond: 5, rules });
    await fetch(`${stack.url}/-/faults`, { method: 'PUT', body });
    await tab.page.goto(`${stack.url}/#/browse`);
    await tab.page.goto(`${stack.url}/#/browse?show=failures`);
    const on = () => tab.page.locator('.switch:has(input:checked) code').allTextContents();
    await expect.poll(on).toEqual(['CpuLimitExceeded', 'HalfOpen']);
    expect(await tab.page.locator('.failures').innerText()).toContain('29 % of the requests');

    await tab.page.getByLabel('HalfOpen').click();
    await expect.poll(on).toEqual(['CpuLimitExceeded']);
    await tab.page.getByLabel('Image processing is throttled').uncheck();
    await expect.poll(on).toEqual([]);
    await tab.page.getByRole('button', { name: 'All off' }).click();

    const plan = async () => (await fetch(`${stack.url}/-/faults`)).json();
    await expect.poll(plan).toEqual({ rules: [] });
  });

  it('goes back to the dead letters from an object that was opened there; says of a damaged one that it is', async () => {
    const oss = { bucket: { name: 'photos' }, object: { key: 'uploads/cat.jpg' } };
    const event = { events: [{ eventName: 'ObjectCreated:PutObject', oss }] };
    const letter = { time: '2026-01-01T00:00:00Z', attempts: 4, event, error: { errorMessage: 'It broke.' } };
    await writeFile(join(stack.stack.deadLetterDir, '2.json'), JSON.stringify(letter));
    await writeFile(join(stack.stack.deadLetterDir, '1.json'), '{');
    await tab.page.goto(`${stack.url}/#/browse?show=dead-letters`);
    await expect
      .poll(() => tab.page.locator('.letters li').allInnerTexts())
      .toEqual([expect.stringMatching(/4 attempts\s+It broke\./), expect.stringMatching(/^It is damaged/)]);

    await tab.page.getByRole('link', { name: 'uploads/cat.jpg' }).click();
    await tab.page.getByRole('dialog', { name: 'cat.jpg' }).waitFor();
    await tab.page.keyboard.press('Escape');

    await expect.poll(() => tab.page.getByRole('dialog').count()).toBe(0);
    expect(await tab.page.locator('.letters li').count()).toBe(2);
    await rm(join(stack.stack.deadLetterDir, '1.json'));
    await rm(join(stack.stack.deadLetterDir, '2.json'));
  });

  it('asks no other machine for anything, and reports no error of its own', () => {
    expect(tab.foreign).toEqual([]);
    expect(tab.errors).toEqual([]);
  });
});
