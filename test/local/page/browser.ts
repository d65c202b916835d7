import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's package, or what GitHub's machines have; nothing is downloaded. */
const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);

/** Whether the tests of the page can run; a line says so where they cannot. */
export const hasChromium = executablePath !== undefined;
if (!hasChromium) {
  console.warn('There is no Chromium: the page is not tried in a browser (apt-get install chromium).');
}

const args = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A Chromium with a profile of its own; `extra` are further switches. */
export function launchChromium(...extra: string[]): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath ?? 'chromium', args: [...args, ...extra] });
}

export interface Watched {
  page: Page;
  /** Errors in the console, and thrown by scripts. */
  errors: string[];
  /** Requests that went to another host than this machine. */
  foreign: string[];
}

/** A tab of which everything is noted that must not happen. */
export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 820 }, locale: 'en', ...options });
  const errors: string[] = [];
  const foreign: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && hostname !== '127.0.0.1') {
      foreign.push(request.url());
    }
  });
  return { page, errors, foreign };
}

/** Has every document that the page opens from now on keep its live connection, for `tellPage`. */
export async function keepLive(page: Page): Promise<void> {
  await page.addInitScript(`globalThis.EventSource = class extends EventSource {
    constructor(address) {
      super(address);
      globalThis.source = this;
    }
  }`);
}

/** Resolves once the page has drawn all that it knows by now. */
export async function nextFrames(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
  );
}

/** Tells the page by its live connection what its server would tell at another moment only. */
export async function tellPage(page: Page, type: 'state' | 'entry', told: object): Promise<void> {
  const data = JSON.stringify(JSON.stringify(told));
  await page.evaluate(`source.dispatchEvent(new MessageEvent('${type}', { data: ${data} }))`);
}
