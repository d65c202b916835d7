import { readdir } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, openTab, type Watched } from './browser.ts';
import { drawPicture, type PageStack, presigned, putObject, startPage } from './page-stack.ts';

describe.runIf(hasChromium)('browsing', () => {
  let stack: PageStack;
  let tab: Watched;

  beforeAll(async () => {
    stack = await startPage();
    tab = await openTab(stack.browser);
    await tab.page.goto(stack.url);
    await putObject(stack, 'uploads/cat.jpg', await drawPicture(800, 400), 'image/jpeg');
    await stack.stack.functionCompute.idle();
    await tab.page.goto(`${stack.url}/#/browse`);
  });
  afterAll(() => stack?.close());

  it('lists objects with their thumbnails, and new ones by themselves', async () => {
    const names = () => tab.page.locator('.tiles .name').allTextContents();
    await expect.poll(names).toEqual(['cat-100.webp', 'cat-200.webp', 'cat.jpg']);

    await putObject(stack, 'uploads/notes.txt', Buffer.from('text'), 'text/plain');

    await expect.poll(names).toEqual(['cat-100.webp', 'cat-200.webp', 'cat.jpg', 'notes.txt']);
  });

  it('tells what happened to an object, from its upload to the end', async () => {
    await tab.page.getByRole('link', { name: 'cat.jpg' }).click();

    const panel = tab.page.getByRole('dialog', { name: 'cat.jpg' });
    await expect.poll(() => panel.innerText()).toContain('800 × 400');
    expect(await panel.locator('.timeline li span').allTextContents()).toEqual([
      expect.stringMatching(/^ObjectCreated:PutObject, /),
      'Handed to the function: outputs 2',
      expect.stringMatching(/^thumbnail saved derived\/cat-\d00\.webp$/),
      expect.stringMatching(/^thumbnail saved derived\/cat-\d00\.webp$/),
      expect.stringMatching(/^invocation finished · saved 2 · /),
      expect.stringMatching(/^Done after /),
    ]);
    await panel.getByText('Metadata').click();
    expect(await panel.locator('.metadata').innerText()).toMatch(/x-oss-hash-crc64ecma\s+\d+/);
  });

  it('shows nothing of one object under the name of another, whose details are still to come', async () => {
    await putObject(stack, 'uploads/other.txt', Buffer.from('text'), 'text/plain');
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos&key=uploads/cat.jpg`);
    await tab.page.getByRole('dialog', { name: 'cat.jpg' }).getByRole('img').waitFor();
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await tab.page.route(/\/-\/page\/object\?.*other\.txt/, (route) => released.then(() => route.continue()));

    await tab.page.goto(`${stack.url}/#/browse?bucket=photos&key=uploads/other.txt`);

    const panel = tab.page.getByRole('dialog', { name: 'other.txt' });
    await panel.waitFor();
    expect(await panel.getByRole('button', { name: 'Delete' }).count()).toBe(0);
    release();
    await expect.poll(() => panel.innerText()).toContain('text/plain');
    expect(await panel.getByRole('button', { name: 'Delete' }).count()).toBe(1);
  });

  it('downloads an object as it was uploaded', async () => {
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos&key=uploads/cat.jpg`);
    const [download] = await Promise.all([
      tab.page.waitForEvent('download'),
      tab.page.getByRole('button', { name: 'Download' }).click(),
    ]);

    expect(download.suggestedFilename()).toBe('cat.jpg');
    expect(await buffer(await download.createReadStream())).toEqual(await drawPicture(800, 400));
  });

  it('deletes an object once one is sure', async () => {
    await putObject(stack, 'uploads/unloved.txt', Buffer.from('text'), 'text/plain');
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos&key=uploads/unloved.txt`);
    await tab.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await tab.page.getByRole('button', { name: 'Really delete' }).click();

    const names = () => tab.page.locator('.tiles .name').allTextContents();
    await expect.poll(names).toContain('cat.jpg');
    await expect.poll(names).not.toContain('unloved.txt');
    await expect.poll(() => tab.page.getByRole('dialog').count()).toBe(0);
  });

  it('says why an object could not be deleted, and goes on showing it', async () => {
    const setFaults = (rules: object[]) =>
      fetch(`${stack.url}/-/faults`, { method: 'PUT', body: JSON.stringify({ rules }) });
    await putObject(stack, 'uploads/kept.txt', Buffer.from('text'), 'text/plain');
    await setFaults([{ fault: 'AccessDenied', operation: 'DeleteObject' }]);
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos&key=uploads/kept.txt`);
    const panel = tab.page.getByRole('dialog', { name: 'kept.txt' });
    await panel.getByRole('button', { name: 'Delete', exact: true }).click();
    await panel.getByRole('button', { name: 'Really delete' }).click();

    await expect.poll(() => panel.getByRole('alert').allInnerTexts()).toEqual([expect.stringMatching(/\w/)]);
    await setFaults([]);
    // The browser's own report of it.
    await expect.poll(() => tab.errors.splice(0)).toEqual([expect.stringContaining('status of 403')]);
  });

  it('says of an output in another bucket under the same key that it was saved there', async () => {
    await tab.page.route(/\/-\/page\/object\?/, async (route) => {
      const result = { kind: 'result', status: 'saved', invocationId: 'i', rule: 'mirror', id: 1, timeMs: 1 };
      const key = 'uploads/cat.jpg';
      const history = [{ ...result, object: { bucket: 'photos', key }, target: { bucket: 'mirror', key } }];
      await route.fulfill({ json: { history } });
    });
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos&key=uploads/cat.jpg`);

    const line = tab.page.getByRole('dialog', { name: 'cat.jpg' }).locator('.timeline li span');
    await expect.poll(() => line.allInnerTexts()).toEqual(['mirror saved oss://mirror/uploads/cat.jpg']);
    await tab.page.unroute(/\/-\/page\/object\?/);
  });

  it('shows no object of another bucket or beginning, whose answer comes late', async () => {
    const listed = (key: string, next?: string) => ({
      objects: [
        { bucket: 'photos', key, sizeBytes: 1, eTag: key, contentType: 'text/plain', lastModifiedMs: 1 },
      ],
      next,
    });
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await tab.page.goto(`${stack.url}/#/browse?show=failures`);
    await tab.page.route(/\/-\/page\/objects\?/, async (route) => {
      const query = new URL(route.request().url()).searchParams;
      if (query.has('after')) {
        await released;
      }
      const key = query.has('after') ? 'late' : `first${query.get('prefix')}`;
      await route.fulfill({ json: listed(key, key === 'first' ? 'next' : undefined) });
    });
    await tab.page.goto(`${stack.url}/#/browse`);
    await tab.page.getByRole('button', { name: 'Show more' }).click();
    await tab.page.getByLabel('Begins with').fill('x');
    const names = () => tab.page.locator('.tiles .name').allTextContents();
    await expect.poll(names).toEqual(['firstx']);
    release();
    await tab.page.waitForTimeout(300);

    expect(await names()).toEqual(['firstx']);
    await tab.page.getByLabel('Begins with').fill('');
    await tab.page.unroute(/\/-\/page\/objects\?/);
  });

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

  it('tells what happened to an object that is not there any more', async () => {
    await putObject(stack, 'uploads/gone.txt', Buffer.from('text'), 'text/plain');
    await fetch(`${stack.url}${presigned('DELETE', 'uploads/gone.txt')}`, { method: 'DELETE' });
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos&key=uploads/gone.txt`);

    const panel = tab.page.getByRole('dialog', { name: 'gone.txt' });
    await expect.poll(() => panel.innerText()).toContain('It is not there.');
    expect(await panel.locator('.timeline li span').allTextContents()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ObjectCreated:PutObject, /),
        expect.stringMatching(/^ObjectRemoved:DeleteObject/),
      ]),
    );
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
    expect(await readdir(stack.stack.deadLetterDir)).toEqual([]);
    await tab.page.getByRole('link', { name: 'Objects' }).click();
    await expect
      .poll(() => tab.page.locator('.tiles .name').allTextContents())
      .toEqual(expect.arrayContaining(['dog-100.webp', 'dog-200.webp']));
  });

  it('asks no other machine for anything, and reports no error of its own', () => {
    expect(tab.foreign).toEqual([]);
    expect(tab.errors).toEqual([]);
  });
});
