import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OSS from 'ali-oss';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import type { LogFields } from '../../src/log.ts';
import { fetchNode, layerVersion } from '../node-binary.ts';
import { buildProject, resultsOf, startStack } from './built-project.ts';
import { type HttpInstanceOptions, startHttpInstance } from './http-instance.ts';

let project: Awaited<ReturnType<typeof buildProject>>;
let stack: Awaited<ReturnType<typeof startStack>>;
let official: OSS;
let startInstance: (options: HttpInstanceOptions) => ReturnType<typeof startHttpInstance>;

beforeAll(async () => {
  project = await buildProject();
  const nodeBinary = await fetchNode(layerVersion);
  const { stdout } = await promisify(execFile)(nodeBinary, ['--version']);
  console.log(`End to end: the custom runtime's function runs on Node.js ${stdout.trim()}.`);
  const template = parse(await readFile('src/deploy/s.custom.yaml', 'utf8'));
  const { args } = template.resources['oss-saveas'].props.customRuntimeConfig;
  startInstance = (options) => {
    const inCode = args.map((arg: string) => arg.replace('/code', options.codeDir));
    return startHttpInstance([nodeBinary, ...inCode], options);
  };
  stack = await startStack(project.dir, 'rules.yaml', { startInstance });
  const access = { accessKeyId: 'local', accessKeySecret: 'local-secret' };
  official = new OSS({ endpoint: stack.url, region: 'oss-cn-hangzhou', bucket: 'photos', ...access });
});
afterAll(async () => {
  await stack?.close();
  await project?.remove();
});

describe('the function in a custom runtime', () => {
  it('the function in a custom runtime saves the derivatives of an upload, with the credentials and the region that the headers bring', async () => {
    const image = { width: 2000, height: 1000, channels: 3, background: '#c04020' } as const;
    await official.put('uploads/a b+图.png', await sharp({ create: image }).png().toBuffer());
    await stack.functionCompute.idle();

    const saved = stack.outcomes.flatMap(resultsOf).filter(({ status }) => status === 'saved');
    expect(saved).toMatchObject([
      { target: { key: 'derived/uploads/a b+图.png-320.webp' } },
      { target: { key: 'derived/uploads/a b+图.png-1280.webp' } },
    ]);
    const { content } = await official.get('derived/uploads/a b+图.png-320.webp');
    expect(await sharp(content).metadata()).toMatchObject({ width: 320, height: 160, format: 'webp' });
  });

  it('the function in a custom runtime reports a failure so that the platform retries, then keeps it as a dead letter', async () => {
    await official.put('uploads/broken.jpg', Buffer.from('no picture'));
    await stack.functionCompute.idle();

    const [letter] = stack.outcomes.filter(({ deadLetter }) => deadLetter !== undefined);
    expect(letter).toMatchObject({
      attempts: 4,
      result: { status: 'failed', error: { errorType: 'OutputsFailed' } },
    });
  });

  it('the function in a custom runtime writes the two lines between which the platform finds what an invocation logged', async () => {
    const { lines, invoke } = startAlone();

    await invoke({ bucket: 'photos', key: 'uploads/a.png', size: 1, dryRun: true });
    await invoke({ unknown: true });

    expect(lines).toEqual([
      'FC Invoke Start RequestId: request-1',
      expect.stringContaining('"message":"invocation finished"'),
      'FC Invoke End RequestId: request-1',
      'FC Invoke Start RequestId: request-1',
      'FC Invoke End RequestId: request-1, Error: Unhandled function error',
    ]);
  });

  it('the function in a custom runtime describes an error as the built-in runtimes do', async () => {
    const { invoke } = startAlone();

    expect(await invoke({ unknown: true })).toMatchObject({
      error: {
        errorMessage: expect.stringMatching(/^The event holds no object/),
        errorType: 'EventError',
        stackTrace: expect.arrayContaining([expect.stringMatching(/^EventError: The event/)]),
      },
    });
  });

  it('the function in a custom runtime reads credentials from the headers of each invocation, never from the one before', async () => {
    const { invoke, port } = startAlone();
    const event = { bucket: 'photos', key: 'uploads/a.png', size: 1 };
    await invoke({ ...event, dryRun: true });

    const headers = { 'x-fc-region': 'cn-hangzhou', 'x-fc-function-timeout': '60' };
    const request = { method: 'POST', headers, body: JSON.stringify(event) };
    const response = await fetch(`http://127.0.0.1:${await port()}/invoke`, request);

    expect(await response.json()).toMatchObject({
      errorMessage: expect.stringContaining('the invocation has no credentials'),
    });
  });

  it('the function in a custom runtime leaves the rest to another attempt when the time is over that the headers allow', async () => {
    const { invoke } = startAlone(0.001);

    expect(await invoke({ bucket: 'photos', key: 'uploads/a.png', size: 1 })).toMatchObject({
      error: { errorMessage: expect.stringContaining('there was no time left to start it') },
    });
  });

  it('the function in a custom runtime takes events at every address, by their path too, over connections that it never closes', async () => {
    const { port } = startAlone();
    // With Linux all of 127.x is the machine itself.
    const host = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1';

    const response = await fetch(`http://${host}:${await port()}/invoke`, { method: 'POST', body: '{}' });

    expect(await response.json()).toMatchObject({ errorType: 'EventError' });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('keep-alive')).toBeNull();
  });

  it.each([
    ['comes through an HTTP trigger', { 'x-fc-control-path': '/http-invoke' }, '/invoke'],
    ['asks for another path', {}, '/'],
  ])('the function in a custom runtime refuses whoever %s', async (_, headers, path) => {
    const { lines, port } = startAlone();

    const response = await fetch(`http://127.0.0.1:${await port()}${path}`, {
      method: 'POST',
      headers,
      body: '{}',
    });

    expect(response.status).toBe(404);
    expect(response.headers.get('x-fc-status')).toBe('404');
    expect(await response.json()).toEqual({ errorMessage: expect.stringContaining('takes events only') });
    expect(lines).toEqual([]);
  });
});

/** An instance of its own, without a local OSS; `lines` fills up with what it writes. */
function startAlone(timeout = 60) {
  const lines: unknown[] = [];
  const add = (_: string, fields?: LogFields) => void lines.push(fields?.line);
  const log = { debug: add, info: add, warn: add, error: add };
  const environment = { FC_REGION: 'cn-hangzhou' };
  const instance = startInstance({ codeDir: join(project.dir, 'dist'), environment, log });
  onTestFinished(() => instance.kill());
  const context = {
    requestId: 'request-1',
    credentials: { accessKeyId: 'id', accessKeySecret: 'secret' },
    function: { name: 'oss-saveas', handler: 'index.handler', memory: 128, timeout },
    service: { logProject: '', logStore: '', qualifier: 'LATEST', versionId: '' },
    region: 'cn-hangzhou',
    accountId: '1',
  };
  const invoke = (event: object) =>
    instance.invoke({ type: 'invoke', event: Buffer.from(JSON.stringify(event)), context }, 10_000);
  return { lines, invoke, port: instance.port };
}
