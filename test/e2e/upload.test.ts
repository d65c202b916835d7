import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OSS from 'ali-oss';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { main } from '../../src/cli/main.ts';
import { accountId } from '../../src/local/oss/auth/access-keys.ts';
import { samplePictures } from '../../src/local/pictures.ts';
import type { StackEvent } from '../../src/local/stack-events.ts';
import { resolveEndpoint } from '../../src/oss/endpoint.ts';
import { createAgent } from '../../src/oss/request.ts';
import { createIo, localEnvironment } from '../cli/terminal.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { send, signV4 } from '../local/oss/v4-client.ts';
import { fetchNode, platformVersion } from '../node-binary.ts';
import { createClient, type OssClient } from '../oss/client.ts';
import { buildProject, resultsOf, startStack } from './built-project.ts';

const run = promisify(execFile);

let project: Awaited<ReturnType<typeof buildProject>>;
let stack: Awaited<ReturnType<typeof startStack>> | undefined;
let pictures: Map<string, Buffer>;

beforeAll(async () => {
  project = await buildProject();
  const { stdout } = await run(await fetchNode(platformVersion), ['--version']);
  console.log(`End to end: the built function runs on Node.js ${stdout.trim()}.`);
  pictures = new Map((await samplePictures()).map(({ name, body }) => [name, body]));
});
afterEach(() => stack?.close());
afterAll(() => project.remove());

async function start(...rules: object[]) {
  const file = join(project.dir, 'rules.test.json');
  await writeFile(file, JSON.stringify({ rules }));
  const rulesFile = rules.length === 0 ? join(project.dir, 'rules.yaml') : file;
  stack = await startStack(project.dir, rulesFile, { simulateTasks: true });
  const { url } = stack;
  const ours = createClient({
    region: 'cn-hangzhou',
    endpoint: resolveEndpoint({ region: 'cn-hangzhou', endpoint: url }),
    credentials: () => ({ accessKeyId: 'local', accessKeySecret: 'local-secret' }),
    dispatcher: createAgent(),
  });
  // `authorizationV4` is documented by the client and missing in its published types.
  const options: OSS.Options & { authorizationV4: boolean } = {
    endpoint: url,
    region: 'oss-cn-hangzhou',
    bucket: 'photos',
    accessKeyId: 'local',
    accessKeySecret: 'local-secret',
    authorizationV4: true,
  };
  return { stack, ours, official: new OSS(options), port: Number(new URL(url).port) };
}

const picture = (name: string): Buffer => pictures.get(name) ?? Buffer.alloc(0);

async function look(client: OssClient, key: string, bucket = 'photos') {
  const { body, contentType } = await client.getObject({ bucket, key });
  const { width, height, format, pages } = await sharp(body, { animated: true }).metadata();
  return { width, height: pages === undefined ? height : height / pages, format, pages, contentType };
}

describe('an upload by the official client', () => {
  it('an upload by the official client becomes the derivatives that the shipped rules name, right in pixels and format', async () => {
    const { stack, ours, official } = await start();

    for (const [name, body] of pictures) {
      await official.put(`uploads/2026/${name}`, body);
    }
    await stack.functionCompute.idle();

    const size = (key: string) => look(ours, key);
    expect(await size('derived/uploads/2026/portrait.jpg-320.webp')).toMatchObject({
      width: 320,
      height: 427,
      format: 'webp',
    });
    expect(await size('derived/uploads/2026/poster.jpg-1280.webp')).toMatchObject({
      width: 1280,
      height: 853,
    });
    expect(await size('derived/uploads/2026/logo.png-320.webp')).toMatchObject({
      width: 320,
      height: 320,
      contentType: 'image/webp',
    });
    expect(await size('derived/uploads/2026/banner.webp-1280.webp')).toMatchObject({
      width: 1280,
      height: 480,
    });
    expect(await size('derived/uploads/2026/spinner.gif-320.webp')).toMatchObject({
      width: 240,
      height: 240,
      pages: 12,
    });
    expect(await size('marked/uploads/2026/poster.jpg')).toMatchObject({
      width: 1600,
      height: 1067,
      format: 'jpeg',
    });
  });

  it('an upload by the official client that is no image ends as a dead letter which names what is missing, and harms nothing else', async () => {
    const { stack, ours, official } = await start();

    await official.put('uploads/broken.jpg', picture('broken.jpg'));
    await official.put('uploads/logo.png', picture('logo.png'));
    await stack.functionCompute.idle();

    const letters = stack.outcomes.filter(({ deadLetter }) => deadLetter !== undefined);
    expect(letters).toMatchObject([
      {
        attempts: 4,
        result: {
          error: {
            errorType: 'OutputsFailed',
            errorMessage: expect.stringContaining('derived/uploads/broken.jpg-320.webp'),
          },
        },
      },
    ]);
    await expect(
      ours.headObject({ bucket: 'photos', key: 'derived/uploads/broken.jpg-320.webp' }),
    ).rejects.toThrow('404');
    expect(await look(ours, 'derived/uploads/logo.png-320.webp')).toMatchObject({ format: 'webp' });
  });

  it('an upload by the official client is processed by the role, whose key and token show nowhere', async () => {
    const { stack, official } = await start();
    const issue = vi.spyOn(stack.oss, 'issueToken');
    const events: StackEvent[] = [];
    stack.subscribe((event) => events.push(event));

    await official.put('uploads/logo.png', picture('logo.png'));
    await stack.functionCompute.idle();

    expect(stack.outcomes.flatMap(resultsOf).filter(({ status }) => status === 'saved')).toHaveLength(2);
    const writers = events.flatMap((event) =>
      event.type === 'object' ? [[event.record.oss.object.key, event.record.userIdentity.principalId]] : [],
    );
    expect(Object.fromEntries(writers)).toEqual({
      'uploads/logo.png': accountId,
      'derived/uploads/logo.png-320.webp': 'oss-saveas:local',
      'derived/uploads/logo.png-1280.webp': 'oss-saveas:local',
    });
    const shown = JSON.stringify([events, stack.outcomes]);
    const secrets = issue.mock.results.flatMap(({ value }) => [value.accessKeySecret, value.securityToken]);
    expect(secrets.length).toBeGreaterThan(0);
    expect(['local-secret', ...secrets].filter((secret) => shown.includes(secret))).toEqual([]);
  });
});

describe('a program that calls ProcessObject itself', () => {
  it('a program that calls ProcessObject itself is served with a raw body and standard, padded Base64', async () => {
    const { official, ours, port } = await start();
    await official.put('x.png', picture('logo.png'));
    const [key, bucket] = ['出/?>.png', 'photos'].map((text) => Buffer.from(text).toString('base64'));
    const body = `x-oss-process=image/resize,w_100|sys/saveas,o_${key},b_${bucket}`;

    const query = { 'x-oss-process': '' };
    const answer = await send(port, signV4({ method: 'POST', bucket: 'photos', key: 'x.png', query, body }));

    expect(key).toMatch(/[+/=]/);
    expect(JSON.parse(answer.text)).toMatchObject({ bucket: 'photos', object: '出/?>.png', status: 'OK' });
    expect(await look(ours, '出/?>.png')).toMatchObject({ width: 100, height: 100 });
  });

  it('a program that calls ProcessObject itself is served through the official client, which form-encodes the body', async () => {
    const { official, ours } = await start();
    await official.put('x.png', picture('logo.png'));

    // Documented by the client and missing in its published types.
    const client: OSS & { processObjectSave?: (...args: string[]) => Promise<{ status: number }> } = official;
    const saved = await client.processObjectSave?.('x.png', '出/a+b.png', 'image/resize,w_64', 'photos');

    expect(saved?.status).toBe(200);
    expect(await look(ours, '出/a+b.png')).toMatchObject({ width: 64 });
  });
});

describe('a key', () => {
  const everything = {
    name: 'all',
    match: { key: '**', bucket: 'photos' },
    outputs: [{ style: 'image/resize,w_8/format,png', target: { bucket: 'small-ones', key: '{key}' } }],
  };

  it('a key of any kind goes through the whole loop unharmed', async () => {
    const { stack, ours } = await start(everything);
    const body = await sharp(picture('logo.png')).resize(16).png().toBuffer();

    await Promise.all(hostileKeys.map((key) => ours.putObject({ bucket: 'photos', key, body })));
    await stack.functionCompute.idle();

    const { objects } = await ours.listObjectsV2({ bucket: 'small-ones', maxKeys: 1_000 });
    expect(objects.map(({ key }) => key).sort()).toEqual([...hostileKeys].sort());
    expect(await readdir(stack.deadLetterDir)).toEqual([]);
    expect(await look(ours, 'a/../b', 'small-ones')).toMatchObject({ width: 8, format: 'png' });
  });
});

describe('an object that is deleted', () => {
  it('an object that is deleted takes its outputs along, and theirs, where the rules say so', async () => {
    const chain = (name: string, from: string, to: string) => ({
      ...{ name, match: { key: `${from}/**` }, onRemove: 'delete' },
      outputs: [{ style: 'image/resize,w_20', target: { key: `${to}/{base}` } }],
    });
    const { stack, ours, official } = await start(
      { ...chain('small', 'uploads', 'small'), match: { key: 'uploads/*' } },
      { ...chain('tiny', 'small', 'tiny'), match: { key: 'small/*' } },
    );
    await official.put('uploads/a.jpg', picture('portrait.jpg'));
    await stack.functionCompute.idle();
    expect((await look(ours, 'tiny/a.jpg')).width).toBe(20);

    await official.delete('uploads/a.jpg');
    await stack.functionCompute.idle();

    const listed = await official.listV2({ 'max-keys': '100' }, {});
    expect((listed.objects ?? []).map(({ name }) => name)).toEqual([]);
    // The second deletion may end before the first has reported its own.
    const removed = stack.outcomes.flatMap(resultsOf).filter(({ status }) => status === 'removed');
    expect(removed.map(({ rule }) => rule).sort()).toEqual(['small', 'tiny']);
  });
});

describe('objects that were there before', () => {
  it('objects that were there before get their outputs by a backfill that hands them to the function', async () => {
    const { stack, ours, port } = await start();
    const targets = ['derived/uploads/a.jpg-320.webp', 'marked/uploads/a.jpg'];
    await ours.putObject({ bucket: 'photos', key: 'uploads/a.jpg', body: picture('portrait.jpg') });
    await stack.functionCompute.idle();
    for (const key of targets) {
      await ours.deleteObject({ bucket: 'photos', key });
    }
    const { io, written } = createIo(localEnvironment(port));
    const fixed = [
      '--via',
      'function',
      '--fc-endpoint',
      stack.url,
      '--only-missing',
      '--yes',
      '--rules',
      join(project.dir, 'rules.yaml'),
    ];

    const exitCode = await main(['backfill', 'oss://photos/', ...fixed], io);

    expect(written.out).toContain('1 object: 0 saved, 0 failed, 3 saved-or-skipped');
    expect(exitCode).toBe(0);
    for (const key of targets) {
      expect(await look(ours, key)).toMatchObject({ contentType: expect.stringMatching(/^image/) });
    }
  });
});

describe('the rules of docs/styles.md', () => {
  /** The rules of a YAML block of the page, for the bucket of these tests. */
  async function rulesOfPage(block: number): Promise<object[]> {
    const text = await readFile('docs/styles.md', 'utf8');
    const { rules }: { rules: { match: object }[] } = parse(
      text.split('```yaml\n')[block]?.split('```')[0] ?? '',
    );
    return rules.map((rule) => ({ ...rule, match: { ...rule.match, bucket: 'photos' } }));
  }
  const keysOf = async (client: OSS) =>
    ((await client.listV2({ 'max-keys': '100' }, {})).objects ?? []).map(({ name }) => name);

  it('the rules of docs/styles.md give a video a cover, and the cover its thumbnails', async () => {
    const { stack, ours, official } = await start(...(await rulesOfPage(1)));

    await official.put('uploads/a.mov', Buffer.from('a film'));
    await stack.functionCompute.idle();

    expect(await keysOf(official)).toEqual([
      'covers/uploads/a.mov.jpg',
      'derived/covers/uploads/a.mov.jpg-320.webp',
      'derived/covers/uploads/a.mov.jpg-640.webp',
      'uploads/a.mov',
    ]);
    expect(await look(ours, 'derived/covers/uploads/a.mov.jpg-320.webp')).toMatchObject({
      ...{ width: 320, format: 'webp' },
    });
  });

  it('the rules of docs/styles.md have OSS convert a video by tasks, which are reported as saved when they end', async () => {
    const { stack, official } = await start(...(await rulesOfPage(2)));

    await official.put('uploads/a.mov', Buffer.from('a film'));
    const results = () => stack.outcomes.flatMap(resultsOf).map(({ status, reason }) => reason ?? status);
    await vi.waitFor(() => expect(results().filter((result) => result === 'saved')).toHaveLength(2), 10_000);
    await stack.functionCompute.idle();

    expect(await keysOf(official)).toEqual([
      'frames/uploads/a.mov/1.jpg',
      'frames/uploads/a.mov/2.jpg',
      'mp4/uploads/a.mov.mp4',
      'uploads/a.mov',
    ]);
    // The events of the results are not taken again.
    expect(results().sort()).toEqual([
      ...Array(3).fill('no-rule-matched'),
      ...Array(2).fill('saved'),
      ...Array(2).fill('submitted'),
    ]);
  });
});
