import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Store } from '../../../../src/local/oss/store/store.ts';
import { startOss, temporaryDir } from '../running-oss.ts';
import { complete, element, initiate, kb100, object, uploadPart } from './multipart-upload.ts';

describe('the completion of a multipart upload', () => {
  it('a multipart upload completes with all its parts when asked for them all', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    await uploadPart(oss, uploadId, 10, 'end');
    await uploadPart(oss, uploadId, 9, kb100);

    const headers = { 'x-oss-complete-all': 'yes' };
    const answer = await oss.call({ ...object, method: 'POST', query: { uploadId }, headers });
    const got = await oss.call({ ...object, method: 'GET' });

    expect([answer.statusCode, element(answer.text, 'Key')]).toEqual([200, 'big']);
    expect(got.body.subarray(-4).toString()).toBe('xend');
  });

  it.each<[string, (hex: string) => string]>([
    ['in quotes', (hex) => `"${hex}"`],
    ['in quotes that XML escapes', (hex) => `&quot;${hex}&quot;`],
    ['without quotes', (hex) => hex],
    ['in small letters', (hex) => `"${hex.toLowerCase()}"`],
    ['on a line of their own', (hex) => `\n  "${hex}"\n`],
  ])('a multipart upload completes with ETags that are written %s', async (_, write) => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    const part = await uploadPart(oss, uploadId, 1, 'all');

    const answer = await complete(oss, uploadId, [[1, write(String(part.headers.etag).replaceAll('"', ''))]]);

    expect(answer.statusCode).toBe(200);
  });

  it.each([
    ['its beginning', { 'x-oss-object-acl': 'public-read' }, {}],
    ['its completion', { 'x-oss-object-acl': 'private' }, { 'x-oss-object-acl': 'public-read' }],
  ])('a multipart upload gives its object the ACL that %s names', async (_, atStart, atEnd) => {
    const oss = await startOss();
    const uploadId = await initiate(oss, { headers: atStart });
    const part = await uploadPart(oss, uploadId, 1, 'all');

    await complete(oss, uploadId, [[1, String(part.headers.etag)]], { headers: atEnd });

    const { text } = await oss.call({ ...object, method: 'GET', query: { acl: '' } });
    expect(element(text, 'Grant')).toBe('public-read');
  });

  it.each<[string, (one: string, two: string) => [number, string][], string]>([
    [
      'parts out of order',
      (one, two) => [
        [2, two],
        [1, one],
      ],
      'InvalidPartOrder',
    ],
    [
      'a part twice',
      (one) => [
        [1, one],
        [1, one],
      ],
      'InvalidPartOrder',
    ],
    [
      'a part that was not sent',
      (one) => [
        [1, one],
        [3, one],
      ],
      'InvalidPart',
    ],
    [
      'the wrong ETag',
      (one, two) => [
        [1, two],
        [2, one],
      ],
      'InvalidPart',
    ],
    [
      'a part too small that is not the last',
      (one, two) => [
        [1, one],
        [2, two],
        [4, two],
      ],
      'EntityTooSmall',
    ],
  ])('a multipart upload does not complete with %s', async (_, parts, code) => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    const one = String((await uploadPart(oss, uploadId, 1, kb100)).headers.etag);
    const two = String((await uploadPart(oss, uploadId, 2, 'small')).headers.etag);
    await uploadPart(oss, uploadId, 4, 'small');

    const answer = await complete(oss, uploadId, parts(one, two));

    expect([answer.statusCode, answer.code]).toEqual([400, code]);
    expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(404);
  });

  it('a multipart upload does not overwrite when its beginning or its completion is told not to', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    const one = String((await uploadPart(oss, uploadId, 1, 'a')).headers.etag);
    await oss.call({ ...object, method: 'PUT', body: 'there' });

    const headers = { 'x-oss-forbid-overwrite': 'true' };
    const answer = await complete(oss, uploadId, [[1, one]], { headers });

    const again = await oss.call({ ...object, method: 'POST', query: { uploads: '' }, headers });
    expect([answer.statusCode, answer.code]).toEqual([409, 'FileAlreadyExists']);
    expect([again.statusCode, again.code]).toEqual([409, 'FileAlreadyExists']);
  });

  it.each([0, 5, 10, 20, 40])(
    'a multipart upload is completed once, by whoever asks twice %i ms apart',
    async (ms) => {
      const oss = await startOss();
      const uploadId = await initiate(oss);
      const body = Buffer.alloc(1024 * 1024, 'x');
      const parts: [number, string][] = [];
      for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) {
        const { headers } = await uploadPart(oss, uploadId, number, body);
        parts.push([number, String(headers.etag)]);
      }

      // The second asks before, while and after the first joins the parts: the answers are the same.
      const answers = await Promise.all([
        complete(oss, uploadId, parts),
        pause(ms).then(() => complete(oss, uploadId, parts)),
      ]);

      const codes = answers.map(({ statusCode, code }) => `${statusCode} ${code}`);
      expect(codes.sort()).toEqual(['200 undefined', '404 NoSuchUpload']);
      const names = oss.events.map(({ eventName }) => eventName);
      expect(names.filter((name) => name === 'ObjectCreated:CompleteMultipartUpload')).toHaveLength(1);
    },
  );

  it('a multipart upload becomes no object where it is aborted while it is being completed', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    const { headers } = await uploadPart(oss, uploadId, 1, kb100);
    const { open } = Store.prototype;
    const opened = vi.spyOn(Store.prototype, 'open').mockImplementationOnce(async function (
      this: Store<unknown>,
      ...args
    ) {
      await oss.call({ ...object, method: 'DELETE', query: { uploadId } });
      return open.apply(this, args);
    });
    onTestFinished(() => opened.mockRestore());

    const answer = await complete(oss, uploadId, [[1, String(headers.etag)]]);

    expect([answer.statusCode, answer.code]).toEqual([404, 'NoSuchUpload']);
    expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(404);
  });

  it('a multipart upload without parts becomes an empty object', async () => {
    const oss = await startOss();

    const response = await complete(oss, await initiate(oss), []);

    expect(response.statusCode).toBe(200);
    const { headers } = await oss.call({ ...object, method: 'HEAD' });
    expect(headers['content-length']).toBe('0');
  });

  it('a multipart upload is not completed by a list of parts and by all of them', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    const part = await uploadPart(oss, uploadId, 1, 'x');

    const headers = { 'x-oss-complete-all': 'yes' };
    const response = await complete(oss, uploadId, [[1, String(part.headers.etag)]], { headers });

    expect([response.statusCode, response.code, response.headers['x-oss-ec']]).toEqual([
      400,
      'InvalidArgument',
      '0042-00000216',
    ]);
    expect(element(response.text, 'Message')).toBe(
      'Should not speficy both complete all header and http body.',
    );
  });

  it('a completed upload is gone before its event is told: a process that dies then completes none twice', async () => {
    const dataDir = await temporaryDir();
    const left: string[][] = [];
    const oss = await startOss({
      dataDir,
      onObjectEvent: () => left.push(readdirSync(join(dataDir, 'uploads'))),
    });
    const uploadId = await initiate(oss);
    const { headers } = await uploadPart(oss, uploadId, 1, 'one');

    const { statusCode } = await complete(oss, uploadId, [[1, String(headers.etag)]]);

    expect([statusCode, left.map(({ length }) => length)]).toEqual([200, [1, 1, 0]]);
  });
});
