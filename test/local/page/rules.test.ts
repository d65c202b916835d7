import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, keepLive, openTab, tellPage, type Watched } from './browser.ts';
import { editorText, openRules, type PageStack, startPage, thumbnailRules } from './page-stack.ts';

const loopingRules = `rules:
  - name: there
    match: { key: "a/**" }
    outputs:
      - style: image/resize,w_100
        target: { key: "b/{base}" }
  - name: back
    match: { key: "b/**" }
    outputs:
      - style: image/resize,w_100
        target: { key: "a/{base}" }
  - name: aside
    match: { key: "c/**" }
    outputs:
      - style: image/resize,w_100
        target: { key: "a/{base}" }
`;

describe.runIf(hasChromium)('the rules', () => {
  let stack: PageStack;
  let tab: Watched;
  const text = () => editorText(tab.page);

  beforeAll(async () => {
    stack = await startPage();
    tab = await openTab(stack.browser);
  });
  afterAll(() => stack?.close());
  beforeEach(() => openRules(stack, tab.page));

  const write = (rules: string) => tab.page.locator('.cm-content').fill(rules);

  it('marks what is wrong at its place, and leads there from the list', async () => {
    await write(thumbnailRules.replace('outputs:', 'output:'));

    await expect.poll(() => tab.page.locator('.cm-lintRange-error').allTextContents()).toContain('output');
    await tab.page
      .getByRole('button', { name: /outputs/ })
      .first()
      .click();
    expect(await tab.page.evaluate('document.activeElement.className')).toContain('cm-content');
  });

  it('marks a wrong style inside a rule at its very word', async () => {
    await write(thumbnailRules.replace('resize,w_{w}', 'resze,w_{w}'));

    await expect.poll(() => tab.page.locator('.cm-lintRange-error').allTextContents()).toEqual(['resze']);
  });

  it('completes keys by the JSON Schema', async () => {
    await tab.page.locator('.cm-line', { hasText: 'match:' }).click();
    await tab.page.keyboard.press('End');
    await tab.page.keyboard.press('Enter');
    await tab.page.keyboard.type('  cont');

    await expect
      .poll(() => tab.page.locator('.cm-tooltip-autocomplete li').allTextContents())
      .toEqual(['contentType']);
    await tab.page.locator('.cm-tooltip-autocomplete li').click();
    expect(await text()).toContain('      contentType: ');
  });

  it('draws a loop in red, with keys that would go round', async () => {
    await write(loopingRules);

    await expect.poll(() => tab.page.locator('.arc.loop').count()).toBe(2);
    expect(await tab.page.locator('.arc:not(.loop)').count()).toBe(1);
    expect(await tab.page.locator('.graph li.loop strong').allTextContents()).toEqual(['there', 'back']);
    expect(await tab.page.locator('.cycle').innerText()).toMatch(/^b\/.* → back\na\/.* → there$/);
  });

  it('explains a key as it is typed, by the rules in the editor', async () => {
    const panel = tab.page.getByRole('region', { name: 'What becomes of this key?' });
    await panel.getByRole('textbox').fill('uploads/2026/dog.png');
    await expect.poll(() => panel.innerText()).toContain('derived/dog-200.webp');
    await panel.getByRole('textbox').fill('elsewhere/dog.png');
    await expect
      .poll(() => panel.innerText())
      .toMatch(/thumbnail leaves it\s+the key does not fit "uploads\//);

    await write(thumbnailRules.replace('uploads/', 'elsewhere/'));

    await expect.poll(() => panel.innerText()).toContain('derived/dog-200.webp');
  });

  it('finds edits, their marks and the key that was asked about again after a look at another view', async () => {
    const panel = tab.page.getByRole('region', { name: 'What becomes of this key?' });
    await write(thumbnailRules.replace('resize,w_{w}', 'resze,w_{w}'));
    await panel.getByRole('textbox').fill('uploads/asked.png');
    await tab.page.getByRole('link', { name: 'Browse' }).click();
    await tab.page.getByRole('heading', { name: 'Browse' }).waitFor();
    await tab.page.evaluate(`{
      globalThis.waits = 0;
      new MutationObserver(() => (waits += document.querySelectorAll('main > .loading').length))
        .observe(document.body, { childList: true, subtree: true });
    }`);
    await tab.page.getByRole('link', { name: 'Rules' }).click();

    await expect.poll(text).toContain('resze,w_{w}');
    expect(await tab.page.evaluate('waits')).toBe(0);
    await tab.page.getByText('Not saved').waitFor();
    await expect.poll(() => tab.page.locator('.cm-lintRange-error').allTextContents()).toEqual(['resze']);
    expect(await panel.getByRole('textbox').inputValue()).toBe('uploads/asked.png');
  });

  it('can undo after a look at another view, and names the editor in the language of the page', async () => {
    const editor = tab.page.locator('.cm-content');
    await editor.click();
    await tab.page.keyboard.press('Control+End');
    await tab.page.keyboard.insertText('# typed');
    await tab.page.getByRole('link', { name: 'Browse' }).click();
    await tab.page.getByRole('heading', { name: 'Browse' }).waitFor();
    await tab.page.getByRole('link', { name: 'Rules' }).click();
    await expect.poll(text).toContain('# typed');
    await editor.focus();
    await tab.page.keyboard.press('Control+z');
    await expect.poll(text).not.toContain('# typed');

    await tab.page.getByRole('button', { name: '中文' }).click();
    await tab.page.getByRole('textbox', { name: 'YAML 规则' }).waitFor();
    await tab.page.getByRole('button', { name: 'English' }).click();
  });

  it('says why rules were refused that the checker has nothing against', async () => {
    const { page } = await openTab(stack.browser);
    await keepLive(page);
    await page.goto(`${stack.url}/#/rules`);
    await page.locator('.cm-content').waitFor();
    const upload = { bucket: 'photos', prefix: '' };
    const refused = {
      upload,
      buckets: ['photos'],
      rulesProblem: 'No space left.',
      deadLetters: 0,
      faults: [],
    };

    await tellPage(page, 'state', refused);

    await expect.poll(() => page.getByRole('main').innerText()).toContain('No space left.');
    await page.getByText('The rules were refused').waitFor();
    await page.context().close();
  });

  it('shows no verdict of earlier rules where the newer ones could not be checked', async () => {
    const graph = tab.page.locator('.proof');
    await tab.page.getByText('Proven: no rule can trigger itself.').waitFor();
    await tab.page.route(/page\/(check|explain)/, (route) => route.abort());

    await write(loopingRules);

    await expect.poll(() => graph.innerText()).not.toContain('proven');
    await expect.poll(() => graph.innerText()).not.toContain('thumbnail');
    await tab.page.unroute(/page\/(check|explain)/);
    await expect.poll(() => tab.errors.splice(0).length).toBeGreaterThan(0);
  });

  it('explains a key that is typed for the bucket of uploads, whatever object was explained before', async () => {
    await tab.page.goto(`${stack.url}/#/browse`);
    await tab.page.goto(`${stack.url}/#/rules?bucket=elsewhere&key=uploads/x.jpg`);
    const panel = tab.page.getByRole('region', { name: 'What becomes of this key?' });
    await expect.poll(() => panel.innerText()).toContain('derived/x-100.webp');
    const asked = tab.page.waitForRequest(/page\/explain/);
    await panel.getByRole('textbox').fill('uploads/y.jpg');

    expect((await asked).postDataJSON()).toMatchObject({ bucket: 'photos', key: 'uploads/y.jpg' });
  });

  it('explains nothing where there is no key', async () => {
    const panel = tab.page.getByRole('region', { name: 'What becomes of this key?' });
    await panel.getByRole('textbox').fill('uploads/dog.png');
    await expect.poll(() => panel.innerText()).toContain('derived/dog-200.webp');

    await panel.getByRole('textbox').fill('');

    await expect.poll(() => panel.innerText()).not.toContain('derived/dog-200.webp');
  });

  it('asks no other machine for anything, and reports no error of its own', () => {
    expect(tab.foreign).toEqual([]);
    expect(tab.errors).toEqual([]);
  });
});
