import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, nextFrames, openTab, type Watched } from './browser.ts';
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
      'Delivered to the function: outputs 2',
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

  it('deletes an object once one is sure, and loses no focus with it', async () => {
    await putObject(stack, 'uploads/unloved.txt', Buffer.from('text'), 'text/plain');
    await tab.page.goto(`${stack.url}/#/browse`);
    await tab.page.getByRole('link', { name: 'unloved.txt' }).press('Enter');
    await tab.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await tab.page.getByRole('button', { name: 'Really delete' }).click();

    const names = () => tab.page.locator('.tiles .name').allTextContents();
    await expect.poll(names).toContain('cat.jpg');
    await expect.poll(names).not.toContain('unloved.txt');
    await expect.poll(() => tab.page.getByRole('dialog').count()).toBe(0);
    expect(await tab.page.evaluate('document.activeElement.tagName')).toBe('MAIN');
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
    const listed = (key: string, isTruncated: boolean) => ({
      objects: [
        { bucket: 'photos', key, sizeBytes: 1, eTag: key, contentType: 'text/plain', lastModifiedMs: 1 },
      ],
      isTruncated,
    });
    let isHeld = false;
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await tab.page.goto(`${stack.url}/#/browse?show=failures`);
    await tab.page.locator('.failures').waitFor();
    await tab.page.route(/\/-\/page\/objects\?/, async (route) => {
      const query = new URL(route.request().url()).searchParams;
      const isMore = query.get('pages') === '2' && query.get('prefix') === '';
      if (isMore) {
        isHeld = true;
        await released;
      }
      const key = isMore ? 'late' : `first${query.get('prefix')}`;
      await route.fulfill({ json: listed(key, key === 'first') });
    });
    await tab.page.goto(`${stack.url}/#/browse`);
    await tab.page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => isHeld).toBe(true);
    await tab.page.getByLabel('Begins with').fill('x');
    const names = () => tab.page.locator('.tiles .name').allTextContents();
    await expect.poll(names).toEqual(['firstx']);
    const late = tab.page.waitForResponse(/\/-\/page\/objects\?.*pages=2/);
    release();
    await (await late).finished();
    await nextFrames(tab.page);

    expect(await names()).toEqual(['firstx']);
    await tab.page.getByLabel('Begins with').fill('');
    await tab.page.unroute(/\/-\/page\/objects\?/);
  });

  it('tells what happened to an object that is not there any more', async () => {
    await putObject(stack, 'uploads/gone.txt', Buffer.from('text'), 'text/plain');
    await fetch(`${stack.url}${presigned('DELETE', 'uploads/gone.txt')}`, { method: 'DELETE' });
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos&key=uploads/gone.txt`);

    const panel = tab.page.getByRole('dialog', { name: 'gone.txt' });
    await expect.poll(() => panel.innerText()).toContain('It does not exist.');
    expect(await panel.locator('.timeline li span').allTextContents()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ObjectCreated:PutObject, /),
        expect.stringMatching(/^ObjectRemoved:DeleteObject/),
      ]),
    );
  });

  it('names an object that stands for a folder', async () => {
    await putObject(stack, 'a-folder/', Buffer.alloc(0), 'application/x-directory');
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos`);
    await tab.page.getByRole('link', { name: 'a-folder/' }).click();

    await expect.poll(() => tab.page.getByRole('dialog', { name: 'a-folder/' }).count()).toBe(1);
  });

  it('leaves the focus where it was when objects come and go, and when one that was opened is closed', async () => {
    const focus = () => tab.page.evaluate('document.activeElement.title');
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos`);
    await tab.page.getByRole('link', { name: 'cat.jpg' }).focus();

    await putObject(stack, 'a-first.txt', Buffer.from('text'), 'text/plain');
    await tab.page.getByRole('link', { name: 'a-first.txt' }).waitFor();
    expect(await focus()).toBe('uploads/cat.jpg');

    await tab.page.keyboard.press('Enter');
    await tab.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => new URL(tab.page.url()).hash).toBe('#/browse?bucket=photos');
    expect(await focus()).toBe('uploads/cat.jpg');

    await tab.page.keyboard.press('Enter');
    await tab.page.getByRole('dialog').waitFor();
    await tab.page.goBack();
    await expect.poll(() => tab.page.getByRole('dialog').count()).toBe(0);
    expect(await focus()).toBe('uploads/cat.jpg');
    expect(new URL(tab.page.url()).hash).toBe('#/browse?bucket=photos');
  });

  it('goes on showing as many objects as were asked for while others come', async () => {
    await tab.page.goto(`${stack.url}/#/browse?show=failures`);
    await tab.page.locator('.failures').waitFor();
    await tab.page.route(/\/-\/page\/objects\?/, async (route) => {
      const pages = Number(new URL(route.request().url()).searchParams.get('pages'));
      const common = { bucket: 'photos', sizeBytes: 1, contentType: 'text/plain', lastModifiedMs: 1 };
      const objects = Array.from({ length: pages }, (_, i) => ({
        ...common,
        key: `page ${i}`,
        eTag: `${i}`,
      }));
      await route.fulfill({ json: { objects, isTruncated: pages < 3 } });
    });
    const names = () => tab.page.locator('.tiles .name').allTextContents();
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos`);
    await tab.page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(names).toEqual(['page 0', 'page 1']);

    const read = tab.page.waitForResponse(/\/-\/page\/objects\?/);
    await putObject(stack, 'another.txt', Buffer.from('text'), 'text/plain');
    await read;

    expect(await names()).toEqual(['page 0', 'page 1']);
    await tab.page.getByRole('button', { name: 'Show more' }).press('Enter');
    await expect.poll(names).toEqual(['page 0', 'page 1', 'page 2']);
    expect(await tab.page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
    await tab.page.keyboard.press('Tab');
    expect(await tab.page.evaluate('document.activeElement.title')).toBe('page 2');
    await tab.page.unroute(/\/-\/page\/objects\?/);
  });

  it('is there where the browser keeps nothing for the page', async () => {
    const { page, errors } = await openTab(stack.browser);
    await page.addInitScript(
      `Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } })`,
    );
    await page.goto(stack.url);
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '把图片拖到这里' }).waitFor();

    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('asks no other machine for anything, and reports no error of its own', () => {
    expect(tab.foreign).toEqual([]);
    expect(tab.errors).toEqual([]);
  });
});
