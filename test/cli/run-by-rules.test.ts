import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { startWith } from './run-fixture.ts';
import { localEnvironment, runCommand } from './terminal.ts';

afterEach(() => vi.unstubAllEnvs());

describe('a run over many objects', () => {
  it.each([
    ['oss://photos/', 'oss://photos/'],
    ['oss://photos/uploads/', 'oss://photos/uploads/'],
    ['oss://photos/uploads/**/*.jpg', 'oss://photos/uploads/'],
    ['oss://photos/{a,b}.jpg', 'oss://photos/'],
    ['oss://photos/my pictures/', "'oss://photos/my pictures/'"],
  ])('a run over many objects such as %s names the command for these', async (url, prefix) => {
    const { run } = await startWith({ 'uploads/a.jpg': 'x' });

    const { exitCode, err } = await run(url);

    expect(err).toContain(`${url} is not one object. For all objects there: oss-saveas backfill ${prefix}`);
    expect(exitCode).toBe(2);
  });
});

describe('a run by the rules', () => {
  it('a run by the rules does for each object what an upload of it would have done', async () => {
    const { run, read } = await startWith({ 'uploads/a.png': 'a', 'other/b.png': 'b' });

    const { exitCode, out } = await run('oss://photos/uploads/a.png', 'oss://photos/other/b.png');

    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /uploads\/a\.png\n +thumbnail +oss:\/\/photos\/derived\/uploads\/a\.png-320\.webp +saved \d+ bytes, \d+ ms/,
    );
    expect(out.match(/^oss:\/\/photos\/uploads\/a\.png$/gm)).toHaveLength(1);
    expect(out).toMatch(/other\/b\.png\n +skipped no-rule-matched/);
    expect(String(await read('derived/uploads/a.png-320.webp'))).toBe(
      'image/resize,m_lfit,w_320/format,webp(a)',
    );
  });

  it('a run by the rules goes on after a failure, and its exit code tells', async () => {
    const { run, read } = await startWith({ 'uploads/b.png': 'b' });

    const { exitCode, out, err } = await run('oss://photos/uploads/a.png', 'oss://photos/uploads/b.png');

    expect(exitCode).toBe(1);
    expect(out).toMatch(/uploads\/a\.png\n +failed NoSuchKey/);
    expect(err).toContain('HeadObject oss://photos/uploads/a.png failed: 404');
    expect(await read('derived/uploads/b.png-320.webp')).toBeDefined();
  });

  it('a run by the rules prints no control character of a key to the terminal', async () => {
    const { run } = await startWith({});

    const { out, err } = await run('oss://photos/uploads/\u001b[2J\nsaved.png');

    expect(out).toContain('oss://photos/uploads/\\u001b[2J\\nsaved.png\n');
    expect(`${out}${err}`.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('a run by the rules writes nothing in a dry run', async () => {
    const { run, oss } = await startWith({ 'uploads/a.png': 'a' });

    const { exitCode, out } = await run('oss://photos/uploads/a.png', '--dry-run', '--json');

    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ planned: 2, saved: 0 });
    expect(oss.events).toHaveLength(1);
  });

  it.each([
    ['of the local Function Compute', (event: object) => ({ requestId: 'r', attempts: 4, event, error: {} })],
    [
      'as a destination gets it',
      (event: object) => ({ requestContext: {}, requestPayload: JSON.stringify(event) }),
    ],
  ])('a run by the rules tries a dead letter again, %s', async (_, letterOf) => {
    const { run, oss, read } = await startWith({ 'uploads/a.png': 'a' });
    const file = join(await temporaryDir(), 'letter.json');
    await writeFile(file, JSON.stringify(letterOf({ events: oss.events })));

    const { exitCode, out } = await run('--event', file, '--json');

    expect(JSON.parse(out)).toMatchObject({ saved: 2, failed: 0 });
    expect(exitCode).toBe(0);
    expect(await read('derived/uploads/a.png-1280.webp')).toBeDefined();
  });

  it('a run by the rules reads an event file that begins with a byte order mark, and refuses one that is not UTF-8', async () => {
    const { run } = await startWith({ 'uploads/a.png': 'a' });
    const dir = await temporaryDir();
    const event = JSON.stringify({ bucket: 'photos', key: 'uploads/a.png', size: 1 });
    await writeFile(join(dir, 'bom.json'), `\ufeff${event}`);
    await writeFile(join(dir, 'gbk.json'), Buffer.from([0x7b, 0xb0, 0xe6]));

    const bom = await run('--event', join(dir, 'bom.json'), '--dry-run', '--json');
    const gbk = await run('--event', join(dir, 'gbk.json'));

    expect(JSON.parse(bom.out)).toMatchObject({ planned: 2 });
    expect(gbk).toMatchObject({ exitCode: 1, err: expect.stringContaining('gbk.json:1:2 is not UTF-8') });
  });

  it('a run by the rules draws its progress where somebody watches', async () => {
    const { env } = await startWith({ 'uploads/a.png': 'a', 'uploads/b.png': 'b' });
    const urls = ['oss://photos/uploads/a.png', 'oss://photos/uploads/b.png'];

    const watched = await runCommand(['run', ...urls], env, { isTerminal: true });
    const piped = await runCommand(['run', ...urls], env);

    expect(watched.err).toContain('2 of 2: oss://photos/uploads/b.png');
    expect(watched.err.endsWith('\r\u001b[K\u001b[?7l\u001b[?7h')).toBe(true);
    expect(piped.err).toBe('');
  });

  const choice = 'name objects (oss://bucket/key) or an --event, or else --style, --bucket, --key,';
  it.each([
    [[], choice],
    [['photos/a.png'], 'expected oss://bucket/key, received "photos/a.png".'],
    [['oss://photos/a.png', '--style', 'image/resize,w_1'], choice],
    [['--style', 'image/resize,w_1', '--bucket', 'photos'], '--key: expected a value.'],
    [['oss://photos/a.png', '--key', 'b.png'], choice],
    [['oss://photos/a.png', '--overwrite-source'], choice],
    [['--event', '{"bucket":'], 'the event:1:11: expected JSON:'],
    [['--event', 'no-such-file.json'], 'no-such-file.json cannot be read: no such file or directory'],
  ])('a run by the rules does not guess at %j, and says: %s', async (args, message) => {
    const { exitCode, err } = await runCommand(['run', ...args], localEnvironment(1));

    expect(exitCode).toBe(2);
    expect(err).toContain(`oss-saveas run: ${message}`);
  });

  it('a run by the rules asks for the region where none is set', async () => {
    const { exitCode, err } = await runCommand(['run', 'oss://photos/uploads/a.png'], {});

    expect(exitCode).toBe(2);
    expect(err).toContain('OSS_REGION');
  });
});
