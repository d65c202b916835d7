import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { listDeadLetters } from '../../../src/local/page/server/dead-letters.ts';
import { measureObject } from '../../../src/local/page/server/pictures.ts';
import { checkText, explainText } from '../../../src/local/page/server/rules.ts';
import type { PageState, RulesText } from '../../../src/local/page/wire.ts';
import { makeDir, useLocalFunctionCompute } from '../fc/fixture.ts';
import { startOss } from '../oss/running-oss.ts';
import { makeProject, put, rulesNamed, start } from '../running-stack.ts';
import { drawPicture } from './page-stack.ts';

useLocalFunctionCompute();

const startPage = (project = makeProject()) => start({ pageDir: makeDir() }, project);

/** Opens the page's stream of events; `states` fills up as they are told. */
async function listen(url: string): Promise<PageState[]> {
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const { body } = await fetch(`${url}/-/page/live?after=`, { signal: ending.signal });
  const states: PageState[] = [];
  const read = async () => {
    let text = '';
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const events = `${text}${part}`.split('\n\n');
      text = events.pop() ?? '';
      states.push(
        ...events.flatMap((event) => JSON.parse(/event: state\ndata: (.*)/.exec(event)?.[1] ?? '[]')),
      );
    }
  };
  read().catch(() => {});
  await vi.waitUntil(() => states.length > 0);
  return states;
}

async function send(url: string, method: string, path: string, body: object): Promise<Response> {
  const [{ token } = { token: '' }] = await listen(url);
  const headers = { 'x-page-token': token };
  return fetch(`${url}/-/page/${path}`, { method, headers, body: JSON.stringify(body) });
}

async function readRules(url: string): Promise<RulesText> {
  const answer = await fetch(`${url}/-/page/rules`);
  return JSON.parse(await answer.text());
}

describe("the page's server", () => {
  it('sends uploads where the first rule takes them, whatever buckets there are beside', async () => {
    const project = makeProject();
    writeFileSync(
      project.rulesFile,
      rulesNamed('first')
        .replace(', bucket: photos', '')
        .replace('key: "derived', 'bucket: cdn-out, key: "derived'),
    );
    const stack = await startPage(project);

    const [state] = await listen(stack.url);

    expect(state).toMatchObject({ buckets: ['cdn-out', 'photos'], upload: { bucket: 'photos' } });
  });

  it('tells a page of the state that changed since it was opened, whatever others were told', async () => {
    const stack = await startPage();
    await put(stack, 'a.txt');
    await stack.functionCompute.idle();
    const faults = (method: string, rules: object[] = []) =>
      fetch(`${stack.url}/-/faults`, {
        method,
        ...(method === 'PUT' && { body: JSON.stringify({ rules }) }),
      });
    await faults('PUT', [{ fault: 'HalfOpen', key: 'none' }]);
    const states = await listen(stack.url);
    expect(states.at(-1)?.faults).toEqual(['HalfOpen']);

    await faults('DELETE');
    await put(stack, 'b.txt');

    await vi.waitFor(() => expect(states.at(-1)?.faults).toEqual([]));
  });

  it('saves one of two texts that are based on the same version, and refuses the other', async () => {
    const stack = await startPage();
    const { text, version } = await readRules(stack.url);
    const save = (comment: string) => send(stack.url, 'PUT', 'rules', { text: `${text}${comment}`, version });

    const answers = await Promise.all([save('# one'), save('# two')]);

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const saved = answers[0]?.status === 200 ? '# one' : '# two';
    expect(readFileSync(stack.rulesFile, 'utf8')).toBe(`${text}${saved}`);
  });

  it('saves rules whose file is gone, and leaves to the file who may read it', async () => {
    const stack = await startPage();
    chmodSync(stack.rulesFile, 0o600);
    const { text, version } = await readRules(stack.url);
    const saved = await send(stack.url, 'PUT', 'rules', { text: `${text}#`, version });
    expect(statSync(stack.rulesFile).mode & 0o777).toBe(0o600);
    rmSync(stack.rulesFile);

    const { version: last }: RulesText = JSON.parse(await saved.text());
    const answer = await send(stack.url, 'PUT', 'rules', { text, version: last });

    expect(answer.status).toBe(200);
    expect(readFileSync(stack.rulesFile, 'utf8')).toBe(text);
  });

  it('has the function take saved rules once, and keeps no more than the code of the rules before', async () => {
    const stack = await startPage();
    const reloads = () => stack.events.filter(({ type }) => type === 'rules').length;
    for (const count of [1, 2, 3]) {
      const { text, version } = await readRules(stack.url);
      await send(stack.url, 'PUT', 'rules', { text: `${text}#`, version });
      await delay(700); // Nothing tells that the watcher, which looks every 300 ms, takes nothing.
      expect(reloads()).toBe(count);
    }
    expect(readdirSync(join(stack.dataDir, 'function'))).toHaveLength(2);

    writeFileSync(stack.rulesFile, rulesNamed('edited'));
    await vi.waitFor(() => expect(reloads()).toBe(4), { timeout: 5_000 });
  });

  it('says of a token from before a restart that one may try again, and not that edits have to be given up', async () => {
    const stack = await startPage();

    const answer = await fetch(`${stack.url}/-/page/rules`, {
      method: 'PUT',
      headers: { 'x-page-token': 'old' },
    });

    expect(await answer.json()).toEqual({ message: 'The local OSS was restarted: try again in a moment.' });
  });

  it('shows what the check command shows: nothing that its line accepts, each note once, the worst first', () => {
    const twice = `rules:
  - name: one
    match: { key: "uploads/**" }
    outputs:
      - style: image/resize,w_100
        target: { key: "d/{name}.jpg" } # accept: shared-target
  - name: two
    match: { key: "uploads/**" }
    outputs:
      - style: image/resize,w_200
        target: { key: "d/{name}.jpg" }
`;
    const codes = (text: string) => checkText(text, 'rules.yaml').diagnostics.map(({ code }) => code);

    expect(codes(twice.replace(/ # accept.*/, ''))).toContain('shared-target');
    expect(codes(twice)).not.toContain('shared-target');
  });

  it('explains a key by the year that its clock has', () => {
    const rules = rulesNamed('dated').replace(/key: "derived[^"]*"/, 'key: "derived/{yyyy}/{base}"');
    const object = { bucket: 'photos', key: 'uploads/cat.jpg' };
    const targets = explainText(rules, object, Date.UTC(2031, 5)).rules.flatMap(({ outputs }) => outputs);

    expect(targets.map(({ target }) => target?.key)).toEqual(['derived/2031/cat.jpg']);
  });

  it('explains an object that is there by its size and type, and any other by its key', async () => {
    const { url, ...stack } = await startPage();
    await put({ url, ...stack }, 'uploads/there.txt', 'ten bytes.');
    const text = rulesNamed('small').replace('bucket: photos', 'size: { max: 9 }');
    const explain = async (key: string, bucket = 'photos') =>
      JSON.parse(await (await send(url, 'POST', 'explain', { text, bucket, key })).text()).rules[0];

    expect(await explain('uploads/there.txt')).toMatchObject({ why: '10 bytes are more than its 9' });
    expect(await explain('uploads/other.txt')).toMatchObject({ provided: 'if it has at most 9 bytes' });
    expect(await explain('uploads/there.txt', 'none')).toMatchObject({
      provided: 'if it has at most 9 bytes',
    });
    const story = await fetch(`${url}/-/page/object?bucket=none&key=a`);
    expect(await story.json()).toEqual({ history: [] });
  });

  it('does not read a picture that is too large to be processed, only to measure it', async () => {
    const { call, store } = await startOss();
    const picture = await drawPicture(30, 20, 'png');
    const padded = Buffer.concat([picture, Buffer.alloc(20 * 1024 * 1024)]);
    const headers = { 'content-type': 'image/png' };
    await call({ method: 'PUT', bucket: 'photos', key: 'small.png', body: picture, headers });
    await call({ method: 'PUT', bucket: 'photos', key: 'large.png', body: padded, headers });

    const sizeOf = (key: string) => measureObject(store, { bucket: 'photos', key });

    expect(await sizeOf('small.png')).toEqual({ width: 30, height: 20 });
    expect(await sizeOf('large.png')).toBeUndefined();
  });

  it('lists dead letters of which one is damaged, and one is gone in this moment', async () => {
    const dir = join(makeDir(), 'letters');
    mkdirSync(dir);
    writeFileSync(join(dir, '1.json'), '{');
    writeFileSync(join(dir, '2.json'), '{"time":"2026-01-01T00:00:00Z","attempts":4,"event":{},"error":{}}');
    symlinkSync('nowhere', join(dir, '3.json'));

    expect(await listDeadLetters(dir, () => undefined)).toEqual([
      { file: '2.json', time: '2026-01-01T00:00:00Z', attempts: 4, error: '' },
      { file: '1.json', error: 'It is damaged: no event can be read from it.' },
    ]);
  });
});
