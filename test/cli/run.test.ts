import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import OSS from 'ali-oss';
import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { processImage } from '../../src/local/image/process-image.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';
import { createIo, localEnvironment, runCommand } from './terminal.ts';

afterEach(() => vi.unstubAllEnvs());

async function startWith(
  objects: Record<string, string | Buffer>,
  options: Parameters<typeof startOss>[0] = {},
) {
  const oss = await startOss(options);
  const env = localEnvironment(oss.port);
  for (const [key, body] of Object.entries(objects)) {
    await oss.call({ method: 'PUT', bucket: 'photos', key, body });
  }
  const run = (...args: string[]) => runCommand(['run', ...args], env);
  const read = async (key: string) => {
    const { statusCode, body } = await oss.call({ method: 'GET', bucket: 'photos', key });
    return statusCode === 200 ? body : undefined;
  };
  const styled = (key: string, target: string, style = 'image/resize,w_100') =>
    run(
      '--bucket',
      'photos',
      '--key',
      key,
      '--style',
      style,
      '--target-bucket',
      'photos',
      '--target-image',
      target,
    );
  return { oss, env, run, read, styled };
}

describe('a run with a style of its own', () => {
  it('a run with a style of its own does what the documented sample does: the same six values and the same object', async () => {
    const picture = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    const { oss, styled, read } = await startWith({ 'a b.png': picture }, { processImage });
    const style = 'image/resize,m_fixed,w_100,h_100';
    const base64 = (text: string) => Buffer.from(text).toString('base64');

    const ours = await styled('a b.png', 'ours/a?.png', style);

    // The sample: standard Base64 with its padding, the instruction raw in the body.
    const process = `${style}|sys/saveas,o_${base64('theirs/a?.png')},b_${base64('photos')}`;
    const sample = await oss.call({
      method: 'POST',
      bucket: 'photos',
      key: 'a b.png',
      query: { 'x-oss-process': '' },
      body: `x-oss-process=${process}`,
    });
    const { bucket, fileSize, object, status } = JSON.parse(sample.text);
    const client = new OSS({
      endpoint: oss.url ?? '',
      region: 'oss-cn-hangzhou',
      bucket: 'photos',
      accessKeyId: 'local',
      accessKeySecret: 'local-secret',
      ...{ authorizationV4: true },
    });
    await Reflect.apply(Reflect.get(client, 'processObjectSave'), client, [
      'a b.png',
      'official/a?.png',
      style,
      'photos',
    ]);
    expect(ours.exitCode).toBe(0);
    expect(ours.out.replace(/request id: \w{24}/, 'request id: <id>')).toBe(
      `status code: ${sample.statusCode}, request id: <id>, bucket: ${bucket}, file size: ${fileSize}, key: ${object.replace('theirs', 'ours')}, process status: ${status}\n`,
    );
    const [mine, theirs, official] = await Promise.all(
      ['ours/a?.png', 'theirs/a?.png', 'official/a?.png'].map(read),
    );
    expect(mine?.length).toBe(fileSize);
    expect(theirs).toEqual(mine);
    expect(official).toEqual(mine);
  });

  it('takes every key as it stands', async () => {
    const { styled, read } = await startWith(Object.fromEntries(hostileKeys.map((key) => [key, 'x'])));

    const ended = await Promise.all(hostileKeys.map((key, i) => styled(key, `{name}/${i}`)));

    expect(ended.map(({ exitCode, err }) => ({ exitCode, err }))).toEqual(
      hostileKeys.map(() => ({ exitCode: 0, err: '' })),
    );
    expect(await read('{name}/0')).toBeDefined();
  });

  it('says what failed and with which request', async () => {
    const { styled } = await startWith({});

    const { exitCode, err } = await styled('nope.png', 'b.png');

    expect(exitCode).toBe(1);
    expect(err).toMatch(/ProcessObject oss:\/\/photos\/nope\.png failed: 404 NoSuchKey: .*requestId \w+/);
  });

  it('a run with a style of its own does not put the result in place of its source unless told to', async () => {
    const { run, read, oss } = await startWith({ 'a.png': 'the original' });
    const source = ['--bucket', 'photos', '--key', 'a.png', '--style', 'image/resize,w_1'];
    const target = ['--target-bucket', 'photos', '--target-image', 'a.png'];

    const refused = await run(...source, ...target);
    const original = String(await read('a.png'));
    const told = await run(...source, ...target, '--overwrite-source');

    expect(refused).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('oss://photos/a.png is the source itself'),
    });
    expect(original).toBe('the original');
    expect(told.exitCode).toBe(0);
    expect(String(await read('a.png'))).toContain('image/resize,w_1');
    expect(oss.events).toHaveLength(2);
  });

  it('only shows the instruction in a dry run', async () => {
    const { run, oss } = await startWith({ 'a.png': 'a' });
    const named = [
      '--bucket',
      'photos',
      '--key',
      'a.png',
      '--target-bucket',
      'photos',
      '--target-image',
      'b.png',
    ];

    const { exitCode, out } = await run(...named, '--style', 'style/small', '--dry-run');

    expect(exitCode).toBe(0);
    expect(out).toBe('POST oss://photos/a.png\nstyle/small|sys/saveas,o_Yi5wbmc,b_cGhvdG9z\n');
    expect(oss.events).toHaveLength(1);
  });

  it('prints JSON where a program reads along', async () => {
    const { run } = await startWith({ 'a.png': 'a' });
    const named = [
      '--bucket',
      'photos',
      '--key',
      'a.png',
      '--target-bucket',
      'photos',
      '--target-image',
      'b.png',
    ];

    const { out } = await run(...named, '--style', 'image/resize,w_1', '--json');

    expect(JSON.parse(out)).toEqual({
      statusCode: 200,
      requestId: expect.stringMatching(/^\w{24}$/),
      bucket: 'photos',
      fileSize: 'image/resize,w_1(a)'.length,
      key: 'b.png',
      processStatus: 'OK',
    });
  });

  it('takes credentials from the ALIBABA_CLOUD_ environment too', async () => {
    const { env } = await startWith({ 'a.png': 'a' });
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'local');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'local-secret');
    const { OSS_ACCESS_KEY_ID: _, OSS_ACCESS_KEY_SECRET: __, ...rest } = env;
    const args =
      '--bucket photos --key a.png --style image/resize,w_1 --target-bucket photos --target-image b.png';

    const { exitCode, err } = await runCommand(['run', ...args.split(' ')], rest);

    expect(err).toBe('');
    expect(exitCode).toBe(0);
  });
});

describe('a run over many objects', () => {
  it.each([
    ['oss://photos/', 'oss://photos/'],
    ['oss://photos/uploads/', 'oss://photos/uploads/'],
    ['oss://photos/uploads/**/*.jpg', 'oss://photos/uploads/'],
    ['oss://photos/{a,b}.jpg', 'oss://photos/'],
  ])('such as %s names the command for these', async (url, prefix) => {
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

  it('shows no command to the terminal that a key brings along', async () => {
    const { run } = await startWith({});

    const { out, err } = await run('oss://photos/uploads/\u001b[2J\nsaved.png');

    expect(out).toContain('oss://photos/uploads/\\u001b[2J\\nsaved.png\n');
    expect(`${out}${err}`.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('writes nothing in a dry run', async () => {
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
  ])('tries a dead letter again, %s', async (_, letterOf) => {
    const { run, oss, read } = await startWith({ 'uploads/a.png': 'a' });
    const file = join(await temporaryDir(), 'letter.json');
    await writeFile(file, JSON.stringify(letterOf({ events: oss.events })));

    const { exitCode, out } = await run('--event', file, '--json');

    expect(JSON.parse(out)).toMatchObject({ saved: 2, failed: 0 });
    expect(exitCode).toBe(0);
    expect(await read('derived/uploads/a.png-1280.webp')).toBeDefined();
  });

  it('a run by the rules ends at once when the person presses Ctrl-C, and names what was under way', async () => {
    const { env } = await startWith({ 'uploads/a.png': 'a' }, { processImage: () => new Promise(() => {}) });
    const { io, written, stop } = createIo(env);
    const ended = main(['run', 'oss://photos/uploads/a.png', 'oss://photos/uploads/b.png'], io);

    setTimeout(() => stop.abort(), 300);

    expect(await ended).toBe(130);
    expect(written.err).toBe('Ended during oss://photos/uploads/a.png: it may be done or not.\n');
  });

  it('reads an event file that begins with a byte order mark, and refuses one that is not UTF-8', async () => {
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

  it('draws its progress where somebody watches', async () => {
    const { env } = await startWith({ 'uploads/a.png': 'a', 'uploads/b.png': 'b' });
    const urls = ['oss://photos/uploads/a.png', 'oss://photos/uploads/b.png'];

    const watched = await runCommand(['run', ...urls], env, { isTerminal: true });
    const piped = await runCommand(['run', ...urls], env);

    expect(watched.err).toContain('2 of 2: oss://photos/uploads/b.png');
    expect(watched.err.endsWith('\r\u001b[K')).toBe(true);
    expect(piped.err).toBe('');
  });

  it.each([
    [['run']],
    [['run', 'photos/a.png']],
    [['run', 'oss://photos/a.png', '--style', 'image/resize,w_1']],
    [['run', '--style', 'image/resize,w_1', '--bucket', 'photos']],
    [['run', '--event', '{"bucket":']],
    [['run', '--event', 'no-such-file.json']],
  ])('a run by the rules does not guess at %j', async (args) => {
    const { exitCode, err } = await runCommand(args, localEnvironment(1));

    expect(exitCode).toBe(2);
    expect(err).toMatch(/expected|name objects|cannot be read/);
  });

  it('a run by the rules asks for the region where none is set', async () => {
    const { exitCode, err } = await runCommand(['run', 'oss://photos/uploads/a.png'], {});

    expect(exitCode).toBe(2);
    expect(err).toContain('OSS_REGION');
  });
});
