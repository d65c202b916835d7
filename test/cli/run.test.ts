import OSS from 'ali-oss';
import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { processImage } from '../../src/local/image/process-image.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { startWith } from './run-fixture.ts';
import { runCommand } from './terminal.ts';

afterEach(() => vi.unstubAllEnvs());

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

  it('a run with a style of its own takes every key as it stands', async () => {
    const { styled, read } = await startWith(Object.fromEntries(hostileKeys.map((key) => [key, 'x'])));

    const ended = await Promise.all(hostileKeys.map((key, i) => styled(key, `{name}/${i}`)));

    expect(ended.map(({ exitCode, err }) => ({ exitCode, err }))).toEqual(
      hostileKeys.map(() => ({ exitCode: 0, err: '' })),
    );
    expect(await read('{name}/0')).toBeDefined();
  });

  it('a run with a style of its own says what failed and with which request', async () => {
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

  it('a run with a style of its own refuses a dry run, and does nothing', async () => {
    const { run, read } = await startWith({ 'a.png': 'a' });
    const named = '--bucket photos --key a.png --target-bucket photos --target-image b.png'.split(' ');

    const { exitCode, err } = await run(...named, '--style', 'style/small', '--dry-run');

    expect([exitCode, err]).toEqual([2, expect.stringContaining('--dry-run: it is for rules and events')]);
    expect(await read('b.png')).toBeUndefined();
  });

  it.each([
    ['oss://photos/a.png', 'b.png', '--key: expected a key alone, received the address "oss://photos/a.png"'],
    [
      'a.png',
      'https://photos.oss-cn-hangzhou.aliyuncs.com/b.png',
      '--target-image: expected a key alone, received the address "https://photos.oss-cn-hangzhou.aliyuncs.com/b.png"',
    ],
  ])(
    'a run with a style of its own refuses an address in place of the key: %s to %s',
    async (key, target, message) => {
      const { styled, read } = await startWith({ 'a.png': 'a' });

      const { exitCode, err } = await styled(key, target);

      expect([exitCode, err]).toEqual([2, expect.stringContaining(message)]);
      expect(await read(target)).toBeUndefined();
    },
  );

  it('a run with a style of its own prints JSON where a program reads along', async () => {
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

  it('a run with a style of its own takes credentials from the ALIBABA_CLOUD_ environment too', async () => {
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
