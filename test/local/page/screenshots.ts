/** Takes pictures of the page, for a person to look at: `npm run screenshots` writes them into screenshots/. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { loadRules } from '../../../src/cli/project.ts';
import { type SamplePicture, samplePictures } from '../../../src/local/pictures.ts';
import { startLocalStack } from '../../../src/local/stack.ts';
import { launchChromium } from './browser.ts';
import { drop } from './page-stack.ts';

const folder = 'screenshots';
const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 820 }, deviceScaleFactor: 1.5 };
const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
const dark = { colorScheme: 'dark' } as const;
const chinese = { locale: 'zh-CN' };

const loop = `rules:
  - name: thumbnail
    match: { key: "uploads/**" }
    outputs:
      - style: image/resize,w_100
        target: { key: "small/{base}" }
  - name: polish
    match: { key: "small/**" }
    outputs:
      - style: image/sharpen,100
        target: { key: "uploads/{base}" }
`;

const tried = 'image/resize,w_900/watermark,text_wqkgRXhhbXBsZQ,size_48,color_FFFFFF,g_se/format,webp';

interface Shot {
  options: BrowserContextOptions;
  hash: string;
  act?: (page: Page) => Promise<void>;
}

const shots: Record<string, Shot> = {
  'drop-empty': { options: desktop, hash: '#/drop' },
  'drop-light': { options: desktop, hash: '#/drop', act: dropOne },
  'drop-dark': { options: { ...desktop, ...dark }, hash: '#/drop', act: dropOne },
  'drop-phone': { options: phone, hash: '#/drop', act: dropOne },
  'try-light': { options: desktop, hash: `#/try?key=uploads/banner.webp&style=${tried}` },
  'try-dark': { options: { ...desktop, ...dark }, hash: `#/try?key=uploads/banner.webp&style=${tried}` },
  'try-phone': { options: phone, hash: '#/try?style=image/resze,w_99999/format,webp' },
  'rules-light': { options: desktop, hash: '#/rules' },
  'rules-loop': {
    options: { ...desktop, ...dark },
    hash: '#/rules',
    act: (page) => page.locator('.cm-content').fill(loop),
  },
  'browse-light': { options: desktop, hash: '#/browse' },
  'browse-zh': { options: { ...desktop, ...chinese }, hash: '#/browse?key=uploads/portrait.jpg' },
  'browse-phone': { options: { ...phone, ...chinese, ...dark }, hash: '#/browse' },
  'browse-panel': { options: desktop, hash: '#/browse?bucket=photos&key=uploads/portrait.jpg' },
  failures: { options: { ...desktop, ...chinese }, hash: '#/browse?show=failures' },
};

async function dropOne(page: Page): Promise<void> {
  const pictures = await samplePictures('poster.jpg');
  await drop(page, pictures.map(toFile));
  await page.getByText('Pictures done: 1 of 1.').waitFor({ state: 'attached' });
}

function toFile({ name, body, contentType }: SamplePicture) {
  return { name, mimeType: contentType, buffer: body };
}

async function main(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'oss-saveas-screenshots-'));
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const stack = await startLocalStack({
    dataDir,
    rulesFile: 'rules.yaml',
    readRules: async () => (await loadRules('rules.yaml')).ruleSet,
    port: 0,
    bundleDir: 'dist',
    instanceProgram: 'build/fc-instance.js',
    pageDir: 'build/page',
    accessKey: { id: 'local', secret: 'local-secret' },
    region: 'cn-hangzhou',
    log: quiet,
  });
  const browser = await launchChromium();
  await mkdir(folder, { recursive: true });
  try {
    const first = await browser.newPage();
    await first.goto(stack.url);
    const pictures = await samplePictures(
      'portrait.jpg',
      'logo.png',
      'banner.webp',
      'spinner.gif',
      'poster.jpg',
    );
    await drop(first, pictures.map(toFile));
    await first.getByText('Pictures done: 5 of 5.').waitFor({ state: 'attached' });
    await stack.functionCompute.idle();
    for (const [name, { options, hash, act }] of Object.entries(shots)) {
      const page = await browser.newPage({ locale: 'en', ...options });
      await page.goto(`${stack.url}/${hash}`);
      // Each is looked at by a person, who sees at once that something was still under way.
      await page.waitForTimeout(2000);
      await act?.(page);
      await page.waitForTimeout(1000);
      await page.screenshot({ path: join(folder, `${name}.png`) });
      await page.context().close();
      console.log(join(folder, `${name}.png`));
    }
  } finally {
    await browser.close();
    await stack.close();
    await rm(dataDir, { recursive: true, force: true });
  }
  const readme = await sharp(join(folder, 'drop-light.png'))
    .resize(1600)
    .webp({ quality: 82 })
    .toFile(join(folder, 'readme.webp'));
  console.log(`${join(folder, 'readme.webp')}, ${readme.size} bytes, for the README`);
}

await main();
