import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, keepLive, openTab, tellPage, type Watched } from './browser.ts';
import { drawPicture, drop, type PageStack, startPage } from './page-stack.ts';

describe.runIf(hasChromium)('dropping pictures', () => {
  let stack: PageStack;
  let tab: Watched;

  beforeAll(async () => {
    stack = await startPage();
    tab = await openTab(stack.browser);
    await tab.page.goto(stack.url);
  });
  afterAll(() => stack?.close());

  it('shows every derivative with its pixels, as the real function saves it', async () => {
    const { page } = tab;
    await drop(page, [
      { name: 'wide.jpg', mimeType: 'image/jpeg', buffer: await drawPicture(800, 400) },
      { name: 'tall.png', mimeType: 'image/png', buffer: await drawPicture(400, 800, 'png') },
    ]);

    const wide = page.getByRole('article', { name: 'uploads/wide.jpg' });
    const tall = page.getByRole('article', { name: 'uploads/tall.png' });
    await expect.poll(() => wide.locator('.pixels').allTextContents()).toEqual(['100 × 50', '200 × 100']);
    await expect.poll(() => tall.locator('.pixels').allTextContents()).toEqual(['100 × 200', '200 × 400']);
    expect(await wide.locator('.output').first().innerText()).toMatch(
      /thumbnail\s+100 × 50\s+\d+ B\s+−[\d.]+ %\s+[\d.]+ m?s\s+derived\/wide-100\.webp/,
    );
    // The pictures themselves are there, and not only words about them.
    await expect
      .poll(() =>
        page.evaluate(
          `[...document.querySelectorAll('[aria-label="uploads/wide.jpg"] .output img')].map((one) => one.naturalWidth)`,
        ),
      )
      .toEqual([100, 200]);
  });

  it('offers the process decoded, and copies it encoded', async () => {
    const { page } = tab;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const card = page.getByRole('article', { name: 'uploads/wide.jpg' }).locator('.output').first();
    await card.getByText('Process').click();

    expect(await card.locator('code').innerText()).toBe(
      'image/resize,w_100/format,webp|sys/saveas,o_derived/wide-100.webp,b_photos',
    );
    await card.getByRole('button', { name: 'Copy' }).click();
    await expect.poll(() => card.getByRole('button', { name: 'Copied' }).count()).toBe(1);
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(
      /^image\/resize,w_100\/format,webp\|sys\/saveas,o_ZGVy[\w-]+,b_cGhvdG9z$/,
    );
  });

  it('says in words why nothing was made', async () => {
    const { page } = tab;
    await drop(page, [{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') }]);

    const card = page.getByRole('article', { name: 'uploads/notes.txt' });
    await expect.poll(() => card.innerText()).toContain('No rule takes this object.');
  });

  it('says in words why a derivative failed', async () => {
    const { page } = tab;
    await drop(page, [{ name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') }]);

    const card = page.getByRole('article', { name: 'uploads/broken.jpg' });
    await expect
      .poll(() => card.innerText(), { timeout: 15_000 })
      .toContain(
        'thumbnail\nProcessObject oss://photos/uploads/broken.jpg failed: 400 BadRequest: This image format is not supported.',
      );
    // A screen reader hears that it failed, and not that it is done.
    await expect.poll(() => card.getByRole('alert').count()).toBe(1);
    const total = await page.getByRole('article').count();
    const status = page.getByRole('status').filter({ hasText: 'Pictures done' });
    await expect.poll(() => status.textContent()).toBe(`Pictures done: ${total - 1} of ${total}. Failed: 1.`);
  });

  it('takes a picture from the clipboard and from the file chooser', async () => {
    const { page } = tab;
    const picture = { name: 'chosen.jpg', mimeType: 'image/jpeg', buffer: await drawPicture(300, 300) };
    await page.locator('input[type=file]').setInputFiles(picture);
    await page.evaluate(`{
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(8)], 'image.png', { type: 'image/png' }));
      dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }));
    }`);

    await expect.poll(() => page.getByRole('article', { name: 'uploads/chosen.jpg' }).count()).toBe(1);
    await expect
      .poll(() => page.getByRole('article', { name: /uploads\/pasted-\d+T\d+Z?\.png/ }).count())
      .toBe(1);
  });

  it('keeps the picture of an output that a later attempt finds made, and no end of another upload', async () => {
    const { page } = await openTab(stack.browser);
    await keepLive(page);
    await page.goto(stack.url);
    const object = { bucket: 'photos', key: 'uploads/again.jpg' };
    const [first, second] = [100, 200].map((w) => ({ bucket: 'photos', key: `derived/again-${w}.webp` }));
    const tell = (entry: object) => tellPage(page, 'entry', { object, ...entry });
    await drop(page, [{ name: 'again.jpg', mimeType: 'image/jpeg', buffer: await drawPicture(800, 400) }]);
    const card = page.getByRole('article', { name: object.key });
    await expect.poll(() => card.locator('.output img').count()).toBe(2);
    await stack.stack.functionCompute.idle();

    const outputs = [first, second].map((target) => ({ rule: 'r', target, process: 'p', decoded: 'd' }));
    await tell({ kind: 'delivery', invocationId: 'i', outputs });
    await tell({ kind: 'result', invocationId: 'i', status: 'saved', target: first });
    await tell({ kind: 'result', invocationId: 'i', status: 'failed', target: second, message: 'm' });
    await tell({ kind: 'retry', invocationId: 'i', attempts: 1, retryInMs: 0, error: 'm' });
    await tell({ kind: 'outcome', invocationId: 'earlier', status: 'succeeded' });
    expect(await card.getAttribute('aria-busy')).toBe('true');
    const skipped = { kind: 'result', invocationId: 'i', status: 'skipped', reason: 'already-saved' };
    await tell({ ...skipped, target: first });
    await tell({ kind: 'result', invocationId: 'i', status: 'saved', target: second });
    await tell({ kind: 'outcome', invocationId: 'i', status: 'succeeded' });

    await expect.poll(() => card.getAttribute('aria-busy')).toBe('false');
    await expect.poll(() => card.locator('.output.saved img').count()).toBe(2);
    await page.context().close();
  });

  it('tells a page that connects from where it has to be told on', async () => {
    const abort = new AbortController();
    const answer = await fetch(`${stack.url}/-/page/live?after=`, { signal: abort.signal });
    const { value } = (await answer.body?.getReader().read()) ?? {};
    abort.abort();

    expect(new TextDecoder().decode(value)).toMatch(/^id: \d{13}\nevent: state\n/);
  });

  it('keeps the folder that was typed while one looks at another view', async () => {
    const { page } = tab;
    await page.getByLabel('Folder').fill('typed/');
    // Browse would ask for pictures of what is none, and Chromium would report that.
    await page.getByRole('link', { name: 'Rules' }).click();
    await page.getByRole('heading', { name: 'rules.yaml' }).waitFor();
    await page.getByRole('link', { name: 'Drop' }).click();

    expect(await page.getByLabel('Folder').inputValue()).toBe('typed/');
  });

  it('keeps the focus where it is when the language changes', async () => {
    const { page } = tab;
    await page.getByRole('button', { name: '中文' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.title()).toMatch(/^上传/);

    expect(await page.evaluate('document.activeElement.textContent')).toBe('English');
    await page.keyboard.press('Enter');
  });

  it('asks no other machine for anything, and reports no error of its own', () => {
    expect(tab.foreign).toEqual([]);
    expect(tab.errors).toEqual([]);
  });
});
