import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRules } from '../../../src/check/check.ts';
import { compileRules } from '../../../src/compile/compile.ts';
import { hasChromium, nextFrames, openTab, type Watched } from './browser.ts';
import { drawPicture, type PageStack, putObject, startPage } from './page-stack.ts';

describe.runIf(hasChromium)('trying a style', () => {
  let stack: PageStack;
  let tab: Watched;
  const field = () => tab.page.getByLabel('Style', { exact: true });

  beforeAll(async () => {
    stack = await startPage();
    tab = await openTab(stack.browser);
    await tab.page.goto(stack.url);
    await putObject(stack, 'uploads/cat.jpg', await drawPicture(800, 400), 'image/jpeg');
    await tab.page.goto(`${stack.url}/#/try`);
  });
  afterAll(() => stack?.close());

  it('renders the style on a picture of the bucket', async () => {
    await field().fill('image/resize,w_120/format,png');

    const result = tab.page.getByRole('region', { name: 'Result' }).getByRole('status');
    await expect.poll(() => result.innerText()).toMatch(/120 × 60\s+image\/png\s+\d+ B/);
    await expect.poll(() => tab.page.getByAltText('After').count()).toBe(1);
  });

  it('underlines a wrong action exactly under its letters', async () => {
    await field().fill('image/resze,w_120');

    const mark = tab.page.locator('.underlay mark');
    await expect.poll(() => mark.allTextContents()).toEqual(['resze']);
    const offsets = await tab.page.evaluate(`(() => {
      const field = document.querySelector('#style-text');
      const style = getComputedStyle(field);
      const canvas = document.createElement('canvas').getContext('2d');
      canvas.font = style.font;
      const start = field.getBoundingClientRect().left + parseFloat(style.paddingLeft);
      const box = document.querySelector('.underlay mark').getBoundingClientRect();
      const width = (text) => canvas.measureText(text).width;
      return [box.left - start - width('image/'), box.width - width('resze')].map(Math.abs);
    })()`);
    expect(offsets).toEqual([expect.closeTo(0, 0), expect.closeTo(0, 0)]);
  });

  it('offers the word that was meant, and takes it at a click', async () => {
    await field().fill('image/resze,w_120');

    await tab.page.getByRole('button', { name: 'Use resize' }).click();
    await tab.page.keyboard.press('End');
    await tab.page.keyboard.type('0');

    expect(await field().inputValue()).toBe('image/resize,w_1200');
    await expect.poll(() => tab.page.locator('.underlay mark[data-severity=error]').count()).toBe(0);
  });

  it('offers every documented parameter of an action with its range, and writes it into the style', async () => {
    await field().fill('image/resize,w_120');

    await tab.page.getByRole('button', { name: 'Brightness' }).click();
    expect(await field().inputValue()).toBe('image/resize,w_120/bright');
    await tab.page.getByLabel('Amount').fill('40');
    expect(await field().inputValue()).toBe('image/resize,w_120/bright,40');

    await tab.page.getByRole('button', { name: 'Resize', exact: true }).first().click();
    expect(await tab.page.locator('.parameter', { hasText: 'Width' }).innerText()).toMatch(/1 – 16384/);
    await tab.page.getByLabel('Mode').selectOption('pad');
    expect(await field().inputValue()).toBe('image/resize,w_120,m_pad/bright,40');
  });

  it('writes texts in Base64 as OSS wants them', async () => {
    await field().fill('image/watermark');
    await tab.page.getByRole('button', { name: 'Watermark', exact: true }).first().click();
    await tab.page.getByLabel('Text text').fill('© 猫');

    expect(await field().inputValue()).toBe('image/watermark,text_wqkg54yr');
  });

  it('takes a text as the checker advises to write it, and encodes it', async () => {
    await field().fill('image/watermark,text_{b64:© 阿凡达},size_20');

    expect(await field().inputValue()).toBe('image/watermark,text_wqkg6Zi_5Yeh6L6-,size_20');
    await expect.poll(() => tab.page.locator('.underlay mark').count()).toBe(0);
  });

  it('says what OSS would answer where the style does not fit the picture', async () => {
    await field().fill('image/crop,x_5000,y_5000,w_10,h_10');

    const result = tab.page.getByRole('region', { name: 'Result' }).getByRole('status');
    await expect.poll(() => result.innerText()).toBe("BadRequest: Advance cut's position is out of image.");
  });

  it('copies the style as an output of rules.yaml that the checker takes', async () => {
    await tab.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await field().fill('image/resize,w_120/format,webp');
    await tab.page.getByRole('button', { name: 'Copy as an output of rules.yaml' }).click();
    await expect.poll(() => tab.page.getByRole('button', { name: 'Copied' }).count()).toBe(1);

    const output = String(await tab.page.evaluate('navigator.clipboard.readText()'));
    const rules = `rules:\n  - name: new\n    match: { key: "uploads/**" }\n    outputs:\n${output}`;
    const compiled = compileRules(rules, 'rules.yaml');
    expect(output).toContain('- style: "image/resize,w_120/format,webp"\n');
    expect(
      compiled.ok && checkRules(compiled).diagnostics.filter(({ severity }) => severity === 'error'),
    ).toEqual([]);
  });

  it('moves between before and after by keyboard', async () => {
    await field().fill('image/resize,w_100');
    const slider = tab.page.getByRole('slider', { name: 'Before or after' });
    await slider.focus();
    await tab.page.keyboard.press('End');

    expect(await tab.page.locator('.compare').getAttribute('style')).toContain('100%');
  });

  it('tries the picture that it is asked for, wherever it is, with the style of before', async () => {
    await stack.stack.functionCompute.idle();
    await field().fill('image/resize,w_77');
    await tab.page.goto(`${stack.url}/#/browse?bucket=photos&key=derived/cat-100.webp`);
    await tab.page.getByRole('link', { name: 'Try a style' }).click();

    const result = tab.page.getByRole('region', { name: 'Result' }).getByRole('status');
    await expect.poll(() => result.innerText()).toMatch(/^77 × 39/);
    expect(await field().inputValue()).toBe('image/resize,w_77');
    expect(await tab.page.getByAltText('Before').getAttribute('src')).toContain('derived%2Fcat-100.webp');
    expect(decodeURIComponent(tab.page.url())).toContain('key=derived/cat-100.webp');
    await tab.page.getByRole('link', { name: 'Rules' }).click();
    await tab.page.getByRole('link', { name: 'Try' }).click();
    await expect.poll(() => tab.page.getByAltText('Before').getAttribute('src')).toContain('cat-100.webp');
    expect(await field().inputValue()).toBe('image/resize,w_77');
  });

  it('says that a picture is not there, and tries no other unasked', async () => {
    await tab.page.goto('about:blank');
    await tab.page.goto(`${stack.url}/#/try?key=uploads/gone.jpg`);

    await tab.page.getByText('It does not exist.').waitFor();
    expect(await tab.page.getByAltText('Before').count()).toBe(0);
    await tab.page.getByRole('button', { name: 'cat.jpg' }).click();
    await expect.poll(() => tab.page.getByAltText('Before').count()).toBe(1);
  });

  it('keeps no picture of a style that was overtaken, and is not busy for ever', async () => {
    await tab.page.evaluate(`{
      Object.assign(globalThis, { kept: 0, waiting: [], draws: [], draw: createImageBitmap });
      const [make, drop] = [URL.createObjectURL, URL.revokeObjectURL];
      URL.createObjectURL = (blob) => (kept += 1, make.call(URL, blob));
      URL.revokeObjectURL = (url) => (kept -= 1, drop.call(URL, url));
      globalThis.createImageBitmap = (blob) => {
        draws.push(new Promise((resolve) => waiting.push(resolve)).then(() => draw(blob)));
        return draws.at(-1);
      };
    }`);
    const countWaiting = () => tab.page.evaluate('waiting.length');
    const drawAll = () => tab.page.evaluate('waiting.splice(0).map((go) => go()), Promise.allSettled(draws)');
    for (const [i, width] of [31, 32, 33].entries()) {
      await field().fill(`image/resize,w_${width}`);
      await expect.poll(countWaiting).toBe(i + 1);
    }
    await drawAll();
    const result = tab.page.getByRole('region', { name: 'Result' }).getByRole('status');
    await expect.poll(() => result.innerText()).toMatch(/^33 ×/);
    expect(await tab.page.evaluate('kept')).toBeLessThanOrEqual(1);

    await field().fill('image/resize,w_34');
    await expect.poll(countWaiting).toBe(1);
    await field().fill('image/resze');
    await expect.poll(() => tab.page.locator('.compare').getAttribute('aria-busy')).toBe('false');
    await drawAll();
    await nextFrames(tab.page);
    expect(await tab.page.evaluate('kept')).toBeLessThanOrEqual(0);
    await tab.page.evaluate('void (globalThis.createImageBitmap = draw)');
  });

  it('shows nothing broken of what only says that it is a picture, until it is one', async () => {
    const picture = tab.page.getByRole('button', { name: 'broken.jpg' }).locator('img');
    await putObject(stack, 'uploads/broken.jpg', Buffer.from('text'), 'image/jpeg');
    await picture.waitFor({ state: 'attached' });
    await expect.poll(() => picture.isVisible()).toBe(false);
    await putObject(stack, 'uploads/broken.jpg', await drawPicture(40, 30), 'image/jpeg');
    await expect.poll(() => picture.isVisible()).toBe(true);
  });

  it('begins anew with a link that is followed while a trial is open', async () => {
    await field().fill('image/resize,w_55');
    await tab.page.evaluate("location.hash = '#/try?style=image%2Fresize%2Cw_20&key=uploads%2Fcat.jpg'");

    await expect.poll(() => field().inputValue()).toBe('image/resize,w_20');
    await expect.poll(() => tab.page.getByAltText('Before').getAttribute('src')).toContain('cat.jpg');
    // The page writes the bucket into its address, a moment after the last change.
    await expect.poll(() => tab.page.url()).toContain('bucket=photos');
    expect(await field().inputValue()).toBe('image/resize,w_20');
  });

  it('shows a picture that was replaced as it is now, and leaves another one chosen', async () => {
    await putObject(stack, 'uploads/dog.jpg', await drawPicture(300, 200), 'image/jpeg');
    await tab.page.getByRole('button', { name: 'dog.jpg' }).click();
    await expect.poll(() => tab.page.getByAltText('Before').getAttribute('src')).toContain('dog.jpg');
    await putObject(stack, 'uploads/dog.jpg', await drawPicture(100, 400), 'image/jpeg');
    await putObject(stack, 'uploads/newer.jpg', await drawPicture(10, 10), 'image/jpeg');

    await tab.page.getByRole('button', { name: 'newer.jpg' }).waitFor();
    const sizes = () =>
      tab.page.evaluate(
        "[...document.querySelectorAll('.compare img')].map((one) => one.naturalWidth / one.naturalHeight)",
      );
    await expect.poll(sizes).toEqual([0.25, 0.25]);
    expect(await tab.page.locator('.strip [aria-pressed=true]').getAttribute('title')).toBe(
      'uploads/dog.jpg',
    );
  });

  it('writes the address a moment after the last change, as browsers refuse to do it 200 times in 10 s', async () => {
    await tab.page.evaluate(`{
      globalThis.written = 0;
      const { replaceState } = history;
      history.replaceState = (...all) => (written += 1, replaceState.apply(history, all));
    }`);
    for (let width = 1; width <= 30; width += 1) {
      await field().fill(`image/resize,w_${width}`);
    }

    await expect.poll(() => decodeURIComponent(tab.page.url())).toContain('style=image/resize,w_30');
    expect(await tab.page.evaluate('written')).toBeLessThan(15);
  });

  it('breaks a long style on a narrow page', async () => {
    await tab.page.setViewportSize({ width: 360, height: 700 });
    await field().fill(`image/${'a3f5'.repeat(16)}`);
    await tab.page.locator('#style-diagnostics li').first().waitFor();

    expect(await tab.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await tab.page.setViewportSize({ width: 1280, height: 820 });
  });

  it('asks no other machine for anything, and reports no error of its own', () => {
    expect(tab.foreign).toEqual([]);
    // Chromium itself reports every answer that is none of success: here the one that OSS gives to a crop outside.
    expect(tab.errors.filter((error) => !error.includes('status of 400'))).toEqual([]);
  });
});
