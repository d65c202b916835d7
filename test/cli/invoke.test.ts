import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildProject, startStack } from '../e2e/built-project.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { send, signV4 } from '../local/oss/v4-client.ts';
import { portOf } from '../port-of.ts';
import { runCommand } from './terminal.ts';

let project: Awaited<ReturnType<typeof buildProject>>;
let stack: Awaited<ReturnType<typeof startStack>>;
beforeAll(async () => {
  project = await buildProject();
  stack = await startStack(project.dir, 'rules.yaml');
});
afterAll(async () => {
  await stack?.close();
  await project?.remove();
});

const invoke = (...args: string[]) => runCommand(['invoke', '--endpoint', stack.url, ...args]);

describe('an invocation by hand', () => {
  it('an invocation by hand fails with the report of the function, where outputs failed', async () => {
    const { exitCode, err } = await invoke('--event', 'src/deploy/events/oss-upload.json');

    expect(exitCode).toBe(1);
    expect(err).toMatch(/3 failed .*requestId [\w-]{36}/);
    expect(err).toContain('ProcessObject oss://photos/uploads/a.jpg failed: 404 NoSuchKey');
  });

  it('an invocation by hand names objects by their address', async () => {
    const { exitCode, out } = await invoke('oss://photos/other/a b+c.png');

    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      results: [{ source: { bucket: 'photos', key: 'other/a b+c.png' }, reason: 'no-rule-matched' }],
    });
  });

  it('an invocation by hand only plans where the event asks for that', async () => {
    const key = 'uploads/a b+c.png';
    await send(Number(new URL(stack.url).port), signV4({ method: 'PUT', bucket: 'photos', key, body: 'x' }));
    const event = { bucket: 'photos', key, dryRun: true };

    const { exitCode, out, err } = await invoke('--event', JSON.stringify(event));

    expect(err).toBe('');
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      requestId: expect.stringMatching(/^[\w-]{36}$/),
      planned: 2,
      results: [{ target: { key: 'derived/uploads/a b+c.png-320.webp' } }, { status: 'planned' }],
    });
  });

  it('an invocation by hand takes the event as text', async () => {
    const { exitCode, out } = await invoke('--event', '{"bucket":"photos","key":"other/a.png"}');

    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ skipped: 1, results: [{ reason: 'no-rule-matched' }] });
  });

  it('an invocation by hand says which events the function understands', async () => {
    const file = join(await temporaryDir(), 'event.json');
    await writeFile(file, '{"Records": []}');

    const { exitCode, err } = await invoke('--event', file);

    expect(exitCode).toBe(1);
    expect(err).toContain('The event holds no object to process');
  });

  it('an invocation by hand takes an address that ends in a slash', async () => {
    const { exitCode } = await runCommand([
      'invoke',
      '--endpoint',
      `${stack.url}/`,
      '--event',
      '{"bucket":"photos","key":"a"}',
    ]);

    expect(exitCode).toBe(0);
  });

  it('an invocation by hand refuses an endpoint without a scheme', async () => {
    const { exitCode, err } = await runCommand(['invoke', '--endpoint', '127.0.0.1:9000', 'oss://photos/a']);

    expect([exitCode, err]).toEqual([
      2,
      expect.stringContaining('--endpoint: expected a URL such as http://127.0.0.1:9000'),
    ]);
  });

  it('an invocation by hand says of a server that is no local OSS', async () => {
    const server = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');

    const endpoint = `http://127.0.0.1:${portOf(server)}`;
    const { exitCode, err } = await runCommand(['invoke', '--endpoint', endpoint, 'oss://photos/a.png']);

    expect([exitCode, err]).toEqual([1, expect.stringContaining('/-/invoke answered 200 and no JSON')]);
  });

  it('an invocation by hand asks for the local stack where it is not running', async () => {
    const { exitCode, err } = await runCommand([
      'invoke',
      '--endpoint',
      'http://127.0.0.1:1',
      'oss://photos/uploads/a.png',
    ]);

    expect(exitCode).toBe(1);
    expect(err).toContain('npm start');
  });

  it('an invocation by hand needs either objects or an event', async () => {
    const neither = await invoke();
    const both = await invoke('--event', '{}', 'oss://photos/uploads/a.png');

    expect([neither.exitCode, both.exitCode]).toEqual([2, 2]);
  });
});
