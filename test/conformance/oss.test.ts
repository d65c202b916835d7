/*
 * The product and its users rely on this. It is asked of the local OSS, and by `npm run conformance` of a real account: one
 * suite for both, so that what the local OSS claims is what OSS does.
 */
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { buildProcess } from '../../src/process.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { type Backend, openLocal, openReal } from './backend.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The prefix below which `npm run conformance` finds and removes what is made in the account. */
    accountPrefix?: string | undefined;
  }
}

const prefix = inject('accountPrefix');

describe(prefix === undefined ? 'the local OSS' : `OSS in ${process.env.OSS_TEST_REGION}`, () => {
  const open = () => (prefix === undefined ? openLocal() : openReal({ prefix }));
  let backend: Backend;
  let picture: Buffer;
  const at = (name: string) => ({ bucket: backend.bucket, key: backend.prefix + name });
  const put = (name: string, body: Buffer | string = 'x') => backend.client.putObject({ ...at(name), body });
  const saveAs = (name: string, style = 'image/resize,w_40/format,webp') => buildProcess(style, at(name));
  /** Width and height that OSS itself reads. */
  const sizeOf = async (name: string) => {
    const { body } = await backend.client.getObject({ ...at(name), process: 'image/info' });
    const info = JSON.parse(body.toString());
    return `${info.ImageWidth.value} x ${info.ImageHeight.value} ${info.Format.value}`;
  };

  beforeAll(async () => {
    backend = await open();
    const blank = { width: 120, height: 80, channels: 3 as const, background: '#4080c0' };
    picture = await sharp({ create: blank }).jpeg().toBuffer();
    await put('source.jpg', picture);
  });
  afterAll(() => backend?.close());

  describe('objects', () => {
    it.each(hostileKeys)('objects come back as they were put, and are listed, under %j', async (name) => {
      const room = 1023 - Buffer.byteLength(backend.prefix);
      const fitting = [...name].slice(0, Math.floor(room / Buffer.byteLength([...name][0] ?? ''))).join('');
      const object = at(fitting);
      const body = Buffer.from(`the body of ${fitting}`);

      await backend.client.putObject({ ...object, body });
      const read = await backend.client.getObject(object);
      const { objects } = await backend.client.listObjectsV2({ bucket: backend.bucket, prefix: object.key });

      expect(read.body.equals(body)).toBe(true);
      expect(objects.map(({ key }) => key)).toContain(object.key);
    });

    it('objects have the upper-case MD5 as ETag, their content type and their user metadata', async () => {
      const headers = { 'content-type': 'image/x-test', 'x-oss-meta-author': 'someone' };

      const { eTag } = await backend.client.putObject({ ...at('meta'), body: 'abc', headers });
      const head = await backend.client.headObject(at('meta'));

      const md5 = createHash('md5').update('abc').digest('hex').toUpperCase();
      expect([eTag, head.eTag]).toEqual([md5, md5]);
      expect(head).toMatchObject({ sizeBytes: 3, contentType: 'image/x-test', headers });
    });

    it('objects are replaced whole by the next put', async () => {
      await backend.client.putObject({ ...at('again'), body: 'first', headers: { 'x-oss-meta-a': '1' } });

      await put('again', '');
      const head = await backend.client.headObject(at('again'));

      expect(head.sizeBytes).toBe(0);
      expect(head.headers).not.toHaveProperty('x-oss-meta-a');
    });

    it('objects are gone once deleted, and may be deleted again', async () => {
      await put('gone');

      const first = await backend.client.deleteObject(at('gone'));
      const second = await backend.client.deleteObject(at('gone'));

      expect([first.statusCode, second.statusCode]).toEqual([204, 204]);
      await expect(backend.client.headObject(at('gone'))).rejects.toMatchObject({ code: 'NoSuchKey' });
      await expect(backend.client.getObject(at('gone'))).rejects.toMatchObject({
        statusCode: 404,
        code: 'NoSuchKey',
      });
    });

    it('objects are listed in pages, in the order of their bytes', async () => {
      for (const name of ['list/b', 'list/a/2', 'list/a/1', 'list/é', 'list/Z']) {
        await put(name);
      }
      const prefix = `${backend.prefix}list/`;
      const seen: string[] = [];

      let continuationToken: string | undefined;
      do {
        const page = await backend.client.listObjectsV2({
          bucket: backend.bucket,
          prefix,
          maxKeys: 2,
          continuationToken,
        });
        seen.push(...page.objects.map(({ key }) => key));
        continuationToken = page.nextContinuationToken;
      } while (continuationToken !== undefined);

      expect(seen.map((key) => key.slice(prefix.length))).toEqual(['Z', 'a/1', 'a/2', 'b', 'é']);
    });
  });

  describe('processing', () => {
    it('processing saves under the key and in the bucket asked for, and says so', async () => {
      const answer = await backend.client.processObject({
        ...at('source.jpg'),
        process: saveAs('out/a.webp'),
      });

      const saved = await backend.client.headObject(at('out/a.webp'));
      expect(answer).toMatchObject({ ...at('out/a.webp'), statusCode: 200, processStatus: 'OK' });
      expect(answer.sizeBytes).toBe(saved.sizeBytes);
      expect(await sizeOf('out/a.webp')).toBe('40 x 27 webp');
    });

    it.each(hostileKeys.filter((key) => key.length < 200 && !/[{}]/.test(key)))(
      'processing saves under %j',
      async (name) => {
        const target = `out/${name}`;

        const answer = await backend.client.processObject({ ...at('source.jpg'), process: saveAs(target) });

        expect(answer.key).toBe(at(target).key);
        expect(await sizeOf(target)).toBe('40 x 27 webp');
      },
    );

    it('processing names no bucket where none was asked for', async () => {
      const [, withoutBucket = ''] = /^(.*),b_/.exec(saveAs('out/b.webp')) ?? [];
      const { bucket, key } = at('source.jpg');

      const response = await backend.call({
        ...{ operation: 'ProcessObject', method: 'POST', bucket, key, query: { 'x-oss-process': '' } },
        body: Buffer.from(`x-oss-process=${withoutBucket}`),
      });

      expect(JSON.parse(response.body.toString())).toMatchObject({
        bucket: '',
        object: at('out/b.webp').key,
      });
    });

    it('processing may replace its own source', async () => {
      await put('self.jpg', picture);

      await backend.client.processObject({
        ...at('self.jpg'),
        process: saveAs('self.jpg', 'image/resize,w_60'),
      });

      expect(await sizeOf('self.jpg')).toBe('60 x 40 jpg');
    });

    it('processing answers a view to GET and saves nothing', async () => {
      const view = await backend.client.getObject({ ...at('source.jpg'), process: 'image/resize,w_30' });

      expect((await sharp(view.body).metadata()).width).toBe(30);
      expect(await sizeOf('source.jpg')).toBe('120 x 80 jpg');
    });

    it.each([
      ['no source', 'missing.jpg', 'image/resize,w_9', 404, /^NoSuch(Key|File)$/],
      ['no style of that name', 'source.jpg', 'style/no-such-style', 404, /^NoSuchStyle$/],
      ['no such operation', 'source.jpg', 'invalid/process', 400, /./],
      ['no such parameter', 'source.jpg', 'image/resize,w_nine', 400, /./],
    ])('processing is refused for %s', async (_, name, style, statusCode, code) => {
      const answer = backend.client.processObject({ ...at(name), process: saveAs('out/refused', style) });

      await expect(answer).rejects.toMatchObject({
        statusCode,
        code: expect.stringMatching(code),
        // A named style is a setting of the bucket, which somebody may mend.
        kind: style.startsWith('style/') ? 'later' : 'permanent',
      });
      await expect(backend.client.headObject(at('out/refused'))).rejects.toMatchObject({ code: 'NoSuchKey' });
    });

    it('processing is refused for what is no image, for good', async () => {
      await put('text.jpg', 'This is a text.');

      const answer = backend.client.processObject({ ...at('text.jpg'), process: saveAs('out/refused') });

      await expect(answer).rejects.toMatchObject({ name: 'OssServiceError', kind: 'permanent' });
    });
  });

  describe('signatures', () => {
    const refusals: [string, (backend: Backend) => Promise<unknown>, string][] = [
      [
        'another secret',
        ({ clientWith, credentials }) =>
          clientWith({ credentials: () => ({ ...credentials, accessKeySecret: 'wrong' }) }).headObject(
            at('source.jpg'),
          ),
        'SignatureDoesNotMatch',
      ],
      [
        'an AccessKey ID that nobody has',
        ({ clientWith }) =>
          clientWith({ credentials: () => ({ accessKeyId: 'LTAInobody', accessKeySecret: 'x' }) }).headObject(
            at('source.jpg'),
          ),
        'InvalidAccessKeyId',
      ],
      [
        'a clock that is 20 minutes late',
        ({ clientWith }) =>
          clientWith({ maxAttempts: 1, now: () => Date.now() - 1_200_000 }).headObject(at('source.jpg')),
        'RequestTimeTooSkewed',
      ],
    ];

    it.each(refusals)('signatures with %s are refused', async (_, request, code) => {
      await expect(request(backend)).rejects.toMatchObject({ statusCode: 403, code });
    });

    it('signatures follow the clock of the server once it has refused one', async () => {
      const late = backend.clientWith({ now: () => Date.now() - 1_200_000 });

      expect((await late.headObject(at('source.jpg'))).attempts).toBe(2);
    });
  });
});
