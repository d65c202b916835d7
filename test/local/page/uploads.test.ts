import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, keepLive, openTab, tellPage } from './browser.ts';
import { drawPicture, drop, type PageStack, putObject, startPage } from './page-stack.ts';

describe.runIf(hasChromium)('uploads', () => {
  let stack: PageStack;
  let page: Page;

  beforeAll(async () => {
    stack = await startPage();
    ({ page } = await openTab(stack.browser));
    page.setDefaultTimeout(10_000);
  });
  afterAll(() => stack?.close());
  beforeEach(async () => {
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.goto('about:blank');
    await page.goto(stack.url);
  });

  const jpeg = async (name: string, width: number, height: number) => ({
    name,
    mimeType: 'image/jpeg',
    buffer: await drawPicture(width, height),
  });
  const text = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) });
  const card = (name: string) => page.getByRole('article', { name });
  const keys = () =>
    page.evaluate("[...document.querySelectorAll('article')].map((one) => one.getAttribute('aria-label'))");
  const tell = (entry: object) => tellPage(page, 'entry', entry);
  const pasteImage = (target: string) =>
    page.evaluate(`{
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(8)], 'image.png', { type: 'image/png' }));
      ${target}.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    }`);

  it('stores the picture that was dropped last, however slow an earlier one of its name is', async () => {
    let sent = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const aborted = page.waitForEvent('requestfailed', (request) => request.method() === 'PUT');
    await page.route(/uploads\/same\.jpg|uploads%2Fsame\.jpg/, async (route) => {
      // The page asks for the picture, too, once it is stored.
      const isUpload = route.request().method() === 'PUT';
      sent += Number(isUpload);
      await (isUpload && sent === 1 && released);
      await route.continue().catch(() => {}); // It was taken back.
    });
    await drop(page, [await jpeg('same.jpg', 300, 200)]);
    await expect.poll(() => sent).toBe(1);
    await drop(page, [await jpeg('same.jpg', 50, 60)]);
    await expect.poll(() => sent).toBe(2);
    await aborted;
    await expect.poll(() => card('uploads/same.jpg').innerText()).toContain('50 × 60');
    release();

    const story = await fetch(`${stack.url}/-/page/object?bucket=photos&key=uploads/same.jpg`);
    expect(await story.json()).toMatchObject({ details: { picture: { width: 50, height: 60 } } });
    expect(await card('uploads/same.jpg').innerText()).toContain('50 × 60');
  });

  it('numbers files of one name that are dropped together, and shows them in the order of the batch', async () => {
    await drop(page, [text('twin.tar.gz'), text('twin.tar.gz'), text('noextension'), text('noextension')]);

    await expect
      .poll(keys)
      .toEqual([
        'uploads/twin.tar.gz',
        'uploads/twin.tar-2.gz',
        'uploads/noextension',
        'uploads/noextension-2',
      ]);
    await expect.poll(() => page.getByText('Pictures done: 4 of 4. Failed: 0.').isVisible()).toBe(true);
  });

  it('sends two at a time, each with an address that is asked for when its turn comes', async () => {
    let signed = 0;
    let sent = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(/page\/presign/, (route) => {
      signed += 1;
      return route.continue();
    });
    await page.route(/many-\d/, async (route) => {
      sent += 1;
      await released;
      await route.continue();
    });
    await drop(
      page,
      [1, 2, 3, 4, 5].map((i) => text(`many-${i}.txt`)),
    );
    await expect.poll(() => sent).toBe(2);
    expect(signed).toBe(2);
    release();

    await expect.poll(() => signed).toBe(5);
    await expect.poll(() => page.locator('article progress').count()).toBe(0);
  });

  it('asks before it is left while something is uploaded, and only then', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(/slow\.txt/, (route) => released.then(() => route.continue()));
    await drop(page, [text('slow.txt')]);
    await card('uploads/slow.txt').locator('progress').waitFor();
    const isAsking = () => page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))");
    expect(await isAsking()).toBe(true);
    release();
    await card('uploads/slow.txt').locator('progress').waitFor({ state: 'detached' });

    expect(await isAsking()).toBe(false);
  });

  it('uploads what is dropped on another view, and shows it', async () => {
    await page.getByRole('link', { name: 'Browse' }).click();
    await page.locator('.browse').waitFor();
    await drop(page, [text('elsewhere.txt')], 'main');

    await card('uploads/elsewhere.txt').waitFor();
    expect(page.url()).toContain('#/drop');
  });

  it('renames what is pasted and nothing that is dropped, and takes no paste from a field', async () => {
    await drop(page, [text('image.png')]);
    await pasteImage("document.querySelector('.place input')");
    await pasteImage('document.body');

    await expect
      .poll(keys)
      .toEqual([expect.stringMatching(/^uploads\/pasted-\d+T\d+\.png$/), 'uploads/image.png']);
  });

  it('leaves the drop of a text to the field that it is over', async () => {
    const isTaken = (add: string) =>
      page.evaluate(`{
        const data = new DataTransfer();
        ${add};
        !document.querySelector('.place input').dispatchEvent(new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true }));
      }`);

    expect(await isTaken("data.setData('text/plain', 'words')")).toBe(false);
    expect(await isTaken("data.items.add(new File([], 'a.png'))")).toBe(true);
  });

  it('shows a picture that was replaced elsewhere with the pixels and the size of the new one', async () => {
    await drop(page, [await jpeg('replaced.jpg', 300, 200)]);
    await expect.poll(() => card('uploads/replaced.jpg').locator('.pixels').count()).toBe(2);
    const body = await drawPicture(100, 400);
    await putObject(stack, 'uploads/replaced.jpg', body, 'image/jpeg');

    const source = card('uploads/replaced.jpg').locator('figcaption .details');
    await expect.poll(() => source.innerText()).toMatch(new RegExp(`^100 × 400\\s+${body.length} B$`));
  });

  it('tells of an invocation nothing that another one said', async () => {
    await keepLive(page);
    await page.goto('about:blank');
    await page.goto(stack.url);
    await drop(page, [text('again.txt')]);
    const object = { bucket: 'photos', key: 'uploads/again.txt' };
    const target = { bucket: 'photos', key: 'derived/again.webp' };
    const outputs = [{ rule: 'r', target, process: 'p', decoded: 'd' }];
    await expect.poll(() => card(object.key).innerText()).toContain('No rule takes this object.');
    await tell({ kind: 'delivery', object, invocationId: 'i', outputs });
    await tell({ kind: 'outcome', object, invocationId: 'i', status: 'failed', error: 'It was refused.' });
    await expect.poll(() => card(object.key).innerText()).toContain('It was refused.');

    await tell({ kind: 'delivery', object, invocationId: 'j', outputs });
    await tell({ kind: 'result', object, invocationId: 'i', status: 'saved', target });
    await tell({ kind: 'result', object, invocationId: 'j', status: 'failed', target, message: 'm' });
    await tell({ kind: 'retry', object, invocationId: 'j', attempts: 1, retryInMs: 9_000, error: 'm' });

    await expect.poll(() => card(object.key).innerText()).toContain('Attempt 1 failed.');
    expect(await card(object.key).innerText()).toContain('0 of 1 made');
    expect(await card(object.key).innerText()).not.toContain('It was refused.');
  });

  it('says of no picture that nothing is left of it, and gives no sign to what is as large', async () => {
    await keepLive(page);
    await page.goto('about:blank');
    await page.goto(stack.url);
    await drop(page, [{ ...text('large.txt'), buffer: Buffer.alloc(100_000) }]);
    const object = { bucket: 'photos', key: 'uploads/large.txt' };
    await expect.poll(() => card(object.key).innerText()).toContain('No rule takes this object.');
    await tell({ kind: 'delivery', object, invocationId: 'i', outputs: [] });
    for (const sizeBytes of [10, 99_900, 120_000]) {
      const target = { bucket: 'photos', key: `made-${sizeBytes}` };
      await tell({ kind: 'result', object, invocationId: 'i', status: 'saved', target, sizeBytes });
    }

    await expect
      .poll(() => card(object.key).locator('.details span:nth-child(2)').allInnerTexts())
      .toEqual(['−99.9 %', '0 %', '+20 %']);
  });

  it('says of a folder that it cannot be read, and not that nobody answers', async () => {
    const browser = await page.context().newCDPSession(page);
    const data = { items: [], files: [tmpdir()], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await browser.send('Input.dispatchDragEvent', { type, x: 500, y: 300, data });
    }

    await expect
      .poll(() => card(`uploads/${basename(tmpdir())}`).innerText())
      .toContain('This file cannot be read.');
  });

  it('takes a folder with dots in its name as it is, and ends one that has no slash', async () => {
    await page.getByLabel('Folder').fill('up/..');
    await drop(page, [text('dots.txt')]);

    await expect.poll(() => card('up/../dots.txt').innerText()).toContain('No rule takes this object.');
  });

  it('keeps a long name without a place to break in its column', async () => {
    const name = `${'a3f5'.repeat(16)}.jpg`;
    await page.getByLabel('Folder').fill('uploads/');
    await drop(page, [await jpeg(name, 800, 400)]);
    await card(`uploads/${name}`).locator('.output img').first().waitFor();
    const [right, left] = await page.evaluate<number[]>(`[
      Math.max(...[...document.querySelectorAll('.source, .source *')].map((one) => one.getBoundingClientRect().right)),
      document.querySelector('.output').getBoundingClientRect().left,
    ]`);
    expect(right).toBeLessThanOrEqual(Number(left));
    await page.setViewportSize({ width: 360, height: 700 });

    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('calls nothing but silence an OSS that does not answer', async () => {
    await page.evaluate("void Promise.reject(new TypeError('x is not a function'))");
    await expect.poll(() => page.locator('.banner').innerText()).toContain('x is not a function');
    await page.evaluate("void fetch('http://127.0.0.1:1/')");
    await expect.poll(() => page.locator('.banner').innerText()).toContain('does not answer');
  });
});
