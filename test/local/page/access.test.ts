import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pick } from '../../../src/json.ts';
import { hasChromium, launchChromium, openTab, type Watched } from './browser.ts';
import { type PageStack, presigned, putObject, startPage } from './page-stack.ts';

describe.runIf(hasChromium)('other pages and uploaded content', () => {
  let stack: PageStack;
  let foreign: Server;
  let tab: Watched;
  let target: string;

  beforeAll(async () => {
    stack = await startPage();
    target = stack.url;
    foreign = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<title>foreign</title>'),
    );
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    tab = await openTab(stack.browser);
  });
  afterAll(async () => {
    await stack?.close();
    foreign?.close();
  });

  const visitForeign = () => tab.page.goto(`http://127.0.0.1:${portOf(foreign)}/`);

  it.each(['/', '/-/page/objects?bucket=photos', '/-/page/rules', '/-/faults'])(
    'keeps a foreign page from reading %s, which its own page reads',
    async (path) => {
      const read = () =>
        tab.page.evaluate(
          `fetch('${target}${path}', { headers: { accept: 'text/html' } }).then(({ status }) => status, (error) => error.name)`,
        );
      await tab.page.goto(target);
      const own = await read();
      await visitForeign();

      const foreignly = await read();

      expect([own, foreignly]).toEqual([200, 'TypeError']);
    },
  );

  it.each([
    ['PUT', '/-/page/rules', '{"text":"rules: []","version":""}'],
    ['POST', '/-/page/presign', '{"method":"PUT","bucket":"photos","key":"a","contentType":""}'],
    ['PUT', '/-/page/faults', '{"rules":[{"fault":"AccessDenied"}]}'],
    ['PUT', '/-/faults', '{"rules":[{"fault":"AccessDenied"}]}'],
    ['POST', '/-/invoke', '{"bucket":"photos","key":"a.jpg"}'],
  ])('refuses %s %s from a foreign page, blind requests too', async (method, path, body) => {
    await visitForeign();

    const statuses = await statusesOf(tab, path, async () => {
      await tab.page.evaluate(`Promise.allSettled([
        fetch('${target}${path}', { method: '${method}', body: '${body}' }),
        fetch('${target}${path}', { method: 'POST', mode: 'no-cors', body: '${body}' }),
      ])`);
    });

    // Without any answer nothing would be refused either.
    expect(statuses.length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status !== 403)).toEqual([]);
    expect(await readFaults(target)).toEqual([]);
  });

  it('refuses the form of a foreign page', async () => {
    await visitForeign();

    await tab.page.evaluate(`{
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', action: '${target}/-/page/faults', enctype: 'text/plain' });
      form.innerHTML = '<input name=\\'{"rules":[{"fault":"AccessDenied"}],"x":"\\' value=\\'"}\\'>';
      document.body.append(form);
      form.submit();
    }`);

    await expect.poll(() => tab.page.locator('body').innerText()).toContain('may not do this');
    expect(await readFaults(target)).toEqual([]);
  });

  it('gives a foreign page no events, by EventSource or WebSocket, and no picture', async () => {
    await visitForeign();

    const outcome = await tab.page.evaluate(`Promise.all([
      new Promise((resolve) => {
        const events = new EventSource('${target}/-/page/live');
        events.onopen = () => resolve('open');
        events.onerror = () => resolve('refused');
      }),
      new Promise((resolve) => {
        const socket = new WebSocket('${target.replace('http', 'ws')}/-/page/live');
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('refused');
      }),
      new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve('open');
        image.onerror = () => resolve('refused');
        image.src = '${target}/-/page/sample';
      }),
    ])`);

    expect(outcome).toEqual(['refused', 'refused', 'refused']);
  });

  it('lets no other page frame it', async () => {
    await visitForeign();
    await tab.page.setContent(`<iframe src="${target}/"></iframe>`);

    await expect.poll(() => tab.page.frames()[1]?.url()).toBe('chrome-error://chromewebdata/');
  });

  it('does not answer to a foreign name that leads to this machine', async () => {
    const rebound = await launchChromium('--host-resolver-rules=MAP evil.example 127.0.0.1');
    const { page } = await openTab(rebound);
    const port = new URL(target).port;

    for (const path of ['/', '/-/page/rules', '/-/page/live', '/-/faults']) {
      const answer = await page.goto(`http://evil.example:${port}${path}`);
      expect(await answer?.text(), path).toContain('<Code>NoSuchBucket</Code>');
    }
    await rebound.close();
  });

  it('needs the token of the page for what changes anything, from this origin too', async () => {
    await tab.page.goto(target);

    const status = await tab.page.evaluate(
      `fetch('/-/page/faults', { method: 'PUT', body: '{"rules":[]}' }).then((answer) => answer.status)`,
    );

    expect(status).toBe(403);
  });

  it.each([
    [
      'hostile.svg',
      'image/svg+xml',
      '<svg xmlns="http://www.w3.org/2000/svg"><script>fetch("/-/page/ran")</script></svg>',
    ],
    [
      'hostile.html',
      'text/html',
      '<script>fetch("/-/page/ran")</script><img src="x" onerror="fetch(\'/-/page/ran\')">',
    ],
    ['hostile.jpg', 'image/jpeg', '<html><script>fetch("/-/page/ran")</script></html>'],
  ])(
    'runs nothing of an uploaded %s, in the page or opened by itself',
    async (name, contentType, content) => {
      const { page } = tab;
      await page.goto(target);
      await putObject(stack, `uploads/${name}`, Buffer.from(content), contentType);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));

      await page.goto(`${target}/#/browse?bucket=photos&key=uploads/${name}`);
      await expect.poll(() => page.getByRole('dialog').innerText()).toContain(contentType);
      const answer = await page.request.get(`${target}${presigned('GET', `uploads/${name}`)}`);
      // Even shown in the browser, which a person can bring about with an address signed elsewhere.
      await page.route('**/shown', (route) =>
        route.fulfill({ headers: { ...answer.headers(), 'content-disposition': 'inline' }, body: content }),
      );
      await page.goto(`${target}/shown`);
      await page.waitForTimeout(300); // Nothing tells that a script will not run; below one has run by then.
      const ran = () => asked.filter((address) => address.includes('/-/page/ran'));

      expect(ran()).toEqual([]);
      expect(answer.headers()['content-disposition']).toBe('attachment');
      expect(answer.headers()['content-security-policy']).toMatch(/^sandbox;/);
      // It runs as a page without these headers, so it was seen that nothing did.
      await page.route('**/unguarded', (route) => route.fulfill({ contentType: 'text/html', body: content }));
      await page.goto(`${target}/unguarded`);
      await expect.poll(ran).not.toEqual([]);
    },
  );
});

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function readFaults(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/-/faults`);
  return pick(await answer.json(), 'rules');
}

/** The statuses of all answers to requests for a path while something is done. */
async function statusesOf({ page }: Watched, path: string, act: () => Promise<void>): Promise<number[]> {
  const statuses: number[] = [];
  const note = (answer: { url(): string; status(): number }) => {
    if (answer.url().endsWith(path)) {
      statuses.push(answer.status());
    }
  };
  page.on('response', note);
  await act();
  page.off('response', note);
  return statuses;
}
