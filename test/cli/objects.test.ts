import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Route } from '../../src/local/oss/http/routes.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';
import { runCommand } from './terminal.ts';

async function startWith(objects: Record<string, string>) {
  const oss = await startOss();
  for (const [key, body] of Object.entries(objects)) {
    await oss.call({ method: 'PUT', bucket: 'photos', key, body });
  }
  const local = ['--local', '--endpoint', `http://127.0.0.1:${oss.port}`];
  return (...args: string[]) => runCommand([...args, ...local]);
}

describe('ls', () => {
  it('ls lists what lies below a prefix: size, time and key', async () => {
    const run = await startWith({
      'derived/a.webp': 'abc',
      'derived/北京.webp': 'x'.repeat(2_000),
      'uploads/a.jpg': 'a',
    });

    const { exitCode, out } = await run('ls', 'oss://photos/derived/');

    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /^ {14}3 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}derived\/a\.webp\n {10}2,000 {2}.* {2}derived\/北京\.webp\n$/,
    );
  });

  it.each(['oss://photos/nothing/', 'oss://photos/*.jpg'])(
    'ls says that nothing is there for %s',
    async (url) => {
      const run = await startWith({ 'a.jpg': 'a' });

      expect(await run('ls', url)).toEqual({ exitCode: 0, out: '', err: `No key begins so: ${url}\n` });
    },
  );

  it('ls has one line for an object, however long its key is', async () => {
    const key = `uploads/${'my pictures/'.repeat(20)}a.jpg`;
    const run = await startWith({ [key]: 'abc' });

    const { out } = await run('ls', 'oss://photos');

    expect(out.split('\n')).toEqual([expect.stringMatching(/^ {14}3 {2}\S+ \S+ {2}uploads/), '']);
    expect(out).toContain(key);
  });

  it('ls goes on where a listing has another page', async () => {
    const keys = Array.from({ length: 1_001 }, (_, i) => `${String(i).padStart(4, '0')}.jpg`);
    const run = await startWith(Object.fromEntries(keys.map((key) => [key, 'x'])));

    const { out } = await run('ls', 'oss://photos');

    expect(out.match(/\S+$/gm)).toEqual(keys);
  });

  it.each(['photos', 'https://photos.oss-cn-hangzhou.aliyuncs.com/derived/a%20b'])(
    'ls does not understand %s, which is no bucket',
    async (text) => {
      const { exitCode, err } = await runCommand(['ls', text, '--local']);

      expect([exitCode, err]).toEqual([2, expect.stringContaining('expected oss://bucket')]);
    },
  );

  it.each([
    [
      'http://127.0.0.1:1',
      /ECONNREFUSED.*\nNothing listens there\. Start the local OSS with "npm start"\.\n$/,
    ],
    ['http://nowhere.invalid', /ENOTFOUND .*\nThere is no such host: .*online\.\n$/],
  ])('ls says what may help where nothing answers at %s', async (endpoint, expected) => {
    const { exitCode, err } = await runCommand(['ls', '--local', '--endpoint', endpoint, 'oss://photos/']);

    expect([exitCode, err]).toEqual([1, expect.stringMatching(expected)]);
  });

  it('ls tells in words that an endpoint speaks no TLS', async () => {
    const oss = await startOss();

    const { err } = await runCommand([
      'ls',
      '--local',
      '--endpoint',
      `127.0.0.1:${oss.port}`,
      'oss://photos/',
    ]);

    expect(err).toMatch(/\nThe server does not speak TLS: begin the endpoint with http:\/\/\.\n$/);
    expect(err.split('\n')).toHaveLength(4);
  });
});

describe('get', () => {
  it('get shows a name that would command the terminal as text', async () => {
    const run = await startWith({ 'a\u001b[2Jb': 'x' });
    const file = join(await temporaryDir(), 'a\u001b[2Jb');

    const { exitCode, out } = await run('get', 'oss://photos/a\u001b[2Jb', '--out', file);

    expect([exitCode, out]).toEqual([0, expect.stringContaining('a\\u001b[2Jb')]);
  });

  it('get saves an object as a file, and never over one that is there', async () => {
    const run = await startWith({ 'derived/a.webp': 'a picture' });
    const file = join(await temporaryDir(), 'mine.webp');

    const first = await run('get', 'oss://photos/derived/a.webp', '--out', file);
    await writeFile(file, 'edited');
    const second = await run('get', 'oss://photos/derived/a.webp', '--out', file);

    expect(first).toMatchObject({ exitCode: 0, out: expect.stringContaining('9 bytes') });
    expect(second).toMatchObject({ exitCode: 2, err: expect.stringContaining('exists already') });
    expect(await readFile(file, 'utf8')).toBe('edited');
  });

  it('get gives a large object the time that a slow line takes', async () => {
    const asked = new EventEmitter();
    const answerLate: Route = async (_, response) => {
      response.setHeader('x-oss-request-id', '65B0AE3C5C1F3A3930A4C2F1');
      asked.emit('asked', () => response.end('a film'));
    };
    const { port } = await startOss({ routes: [answerLate] });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const [file, endpoint] = [join(await temporaryDir(), 'film'), `http://127.0.0.1:${port}`];

    const ending = runCommand(['get', 'oss://photos/film', '--local', '--endpoint', endpoint, '--out', file]);
    const [answer] = await once(asked, 'asked');
    vi.advanceTimersByTime(500_000);
    answer();

    expect(await ending).toMatchObject({ exitCode: 0, err: '' });
    expect(await readFile(file, 'utf8')).toBe('a film');
  });

  it('get writes the object, and nothing else, to standard output for --out -', async () => {
    const run = await startWith({ 'derived/a.webp': 'RIFF\u0000a picture\n' });

    const ended = await run('get', 'oss://photos/derived/a.webp', '--out', '-');

    expect(ended).toEqual({ exitCode: 0, out: 'RIFF\u0000a picture\n', err: '' });
    expect(existsSync('-')).toBe(false);
  });
});
