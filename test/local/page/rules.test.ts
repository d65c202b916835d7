import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, openTab, type Watched } from './browser.ts';
import { drawPicture, type PageStack, putObject, startPage, thumbnailRules } from './page-stack.ts';

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
  const text = async () => (await tab.page.locator('.cm-line').allTextContents()).join('\n');
  const saved = () => readFile(stack.rulesFile, 'utf8');

  beforeAll(async () => {
    stack = await startPage();
    tab = await openTab(stack.browser);
  });
  afterAll(() => stack?.close());
  beforeEach(async () => {
    await tab.page.goto('about:blank');
    await writeFile(stack.rulesFile, thumbnailRules);
    await tab.page.goto(`${stack.url}/#/rules`);
    await tab.page.locator('.cm-content').waitFor();
    await expect.poll(() => tab.page.locator('.graph li strong').count()).toBe(1);
  });

  async function write(rules: string): Promise<void> {
    await tab.page.locator('.cm-content').fill(rules);
  }

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

  it('says in words that rules could not be saved because nobody answers, and saves them later', async () => {
    await tab.page.route('**/-/page/rules', (route) => route.abort());
    await write(`${thumbnailRules}# edited`);
    await tab.page.getByRole('button', { name: 'Save' }).click();

    await tab.page.getByText('The local OSS does not answer').first().waitFor();
    expect(await tab.page.locator('main').textContent()).not.toContain('Failed to fetch');
    // The browser's own report of it.
    await expect.poll(() => tab.errors.splice(0)).toEqual(['Failed to load resource: net::ERR_FAILED']);
    await tab.page.unroute('**/-/page/rules');
    await tab.page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(saved).toContain('# edited');
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

  it('asks no other machine for anything, and reports no error of its own', () => {
    expect(tab.foreign).toEqual([]);
    expect(tab.errors).toEqual([]);
  });
});
