import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import type { Route } from '../../src/local/oss/http/routes.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { startWith } from './orphans-fixture.ts';
import { createIo, localEnvironment } from './terminal.ts';

/** A network that takes every connection and answers nothing; `called` resolves at the first one. */
async function startHole() {
  const server = createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, called: once(server, 'connection') };
}

const rules = `rules:
  - name: small
    match: { key: "in/*.png", bucket: photos }
    outputs:
      - style: image/resize,w_10
        target: { key: "out/{base}" }
`;

describe('Ctrl-C while OSS does not answer', () => {
  it.each([
    ['backfill', '--yes'],
    ['backfill', '--inventory', 'oss://photos/manifest.json'],
    ['orphans', 'oss://photos/out/'],
    ['doctor', 'oss://photos/in/a.png'],
    ['doctor', '--wet', 'oss://photos/in/a.png'],
    ['run', 'oss://photos/in/a.png'],
    [
      'run',
      ...'--style image/info --bucket photos --key a --target-bucket photos --target-image b'.split(' '),
    ],
  ])('Ctrl-C while OSS does not answer ends %s at once, and leaves nothing behind: %s', async (...args) => {
    // No attempt runs out of its time: a command that waited for that would never end.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { port, called } = await startHole();
    const dir = await temporaryDir();
    await writeFile(join(dir, 'rules.yaml'), rules);
    const { io, stop } = createIo(localEnvironment(port));
    const [name = '', ...rest] = args;
    const ended = main([name, '--rules', join(dir, 'rules.yaml'), ...rest], io);
    await called;

    stop.abort();

    expect(await ended).toBe(130);
    expect(await readdir(dir)).toEqual(['rules.yaml']);
  });
});

describe('Ctrl-C while OSS is asked again', () => {
  it('Ctrl-C while OSS is asked for the outputs, behind the sources, ends orphans at once', async () => {
    const { io, stop } = createIo();
    const holdOutputs: Route = ({ url = '' }) => {
      if (!url.includes('prefix=out')) {
        return undefined;
      }
      stop.abort();
      return new Promise(() => {});
    };
    const { oss, dir } = await startWith([], { rules, routes: [holdOutputs] });
    const args = ['orphans', '--rules', join(dir, 'rules.yaml')];

    expect(await main(args, { ...io, env: localEnvironment(oss.port) })).toBe(130);
  });

  it('what Ctrl-C gives up of a deletion of orphans counts as no failure', async () => {
    const faults = { rules: [{ fault: 'ServiceUnavailable' as const, operation: 'DeleteObject' }] };
    const { stopAfter } = await startWith(['out/a.png'], { rules, faults });

    const { exitCode, out } = await stopAfter(1, ['--delete', '--yes', 'oss://photos/out/']);

    expect(exitCode).toBe(130);
    expect(out).toMatch(/\n0 removed, 0 failed\.\n$/);
  });
});
