import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { expect } from 'vitest';
import { presign } from '../../../src/local/page/server/presign.ts';
import { buildProject, startStack } from '../../e2e/built-project.ts';
import { launchChromium } from './browser.ts';

export const thumbnailRules = `rules:
  - name: thumbnail
    match:
      key: "uploads/**/*.{jpg,png}"
    outputs:
      - style: image/resize,w_{w}/format,webp
        vary: { w: [100, 200] }
        target: { key: "derived/{name}-{w}.webp" }
`;

/** The stack with its page, on rules of its own, and a browser. */
export async function startPage(rules = thumbnailRules) {
  const project = await buildProject();
  const rulesFile = join(project.dir, 'tested-rules.yaml');
  await writeFile(rulesFile, rules);
  let stack = await startStack(project.dir, rulesFile);
  const { url } = stack;
  const browser = await launchChromium();
  return {
    url,
    stack,
    browser,
    rulesFile,
    /** Does something while nobody answers; then another stack does, at the same address and with nothing stored. */
    restart: async (whileDown: () => Promise<void>) => {
      await stack.close();
      await whileDown();
      stack = await startStack(project.dir, rulesFile, { port: Number(new URL(url).port) });
    },
    close: async () => {
      await browser.close();
      await stack.close();
      await project.remove();
    },
  };
}

export type PageStack = Awaited<ReturnType<typeof startPage>>;

/** Opens the view of rules anew, on the file as it was at first. */
export async function openRules({ url, rulesFile }: PageStack, page: Page): Promise<void> {
  await page.goto('about:blank');
  await writeFile(rulesFile, thumbnailRules);
  await page.goto(`${url}/#/rules`);
  await page.locator('.cm-content').waitFor();
  await expect.poll(() => page.locator('.graph li strong').count()).toBe(1);
}

/** The text of the editor, as far as it is in sight. */
export async function editorText(page: Page): Promise<string> {
  return (await page.locator('.cm-line').allTextContents()).join('\n');
}

/** A picture of one colour. */
export function drawPicture(width: number, height: number, format: 'jpeg' | 'png' = 'jpeg'): Promise<Buffer> {
  const background = { r: 200, g: 120, b: 40 };
  return sharp({ create: { width, height, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}

interface DroppedFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** Drops files onto the page as a hand would: a real drop event with a real list of files. */
export async function drop(page: Page, files: readonly DroppedFile[], target = '.drop-zone'): Promise<void> {
  const sent = files.map(({ name, mimeType, buffer }) => ({
    name,
    mimeType,
    base64: buffer.toString('base64'),
  }));
  await page.evaluate(`{
    const data = new DataTransfer();
    for (const { name, mimeType, base64 } of ${JSON.stringify(sent)}) {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      data.items.add(new File([bytes], name, { type: mimeType }));
    }
    document.querySelector('${target}').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }`);
}

/** A path of the local OSS that one request may use. */
export function presigned(method: string, key: string, contentType?: string): string {
  const accessKey = { id: 'local', secret: 'local-secret' };
  const signer = { accessKey, region: 'cn-hangzhou', timeMs: Date.now() };
  return presign({ method, bucket: 'photos', key, contentType }, signer);
}

/** Uploads an object as clients do. */
export async function putObject(
  { url }: { url: string },
  key: string,
  body: Buffer,
  contentType: string,
): Promise<void> {
  const answer = await fetch(`${url}${presigned('PUT', key, contentType)}`, {
    method: 'PUT',
    headers: { 'content-type': contentType },
    body: Uint8Array.from(body),
  });
  if (answer.status !== 200) {
    throw new Error(`PUT ${key} was answered ${answer.status}`);
  }
}
