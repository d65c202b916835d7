import { describe, expect, it } from 'vitest';
import { hostileKeys } from '../../../fixtures/hostile-keys.ts';
import { type RunningOss, startOss, temporaryDir } from '../running-oss.ts';
import type { SignOptions } from '../v4-client.ts';

const object = { bucket: 'photos', key: 'big' };
const kb100 = Buffer.alloc(100 * 1024, 'x');
const element = (text: string, name: string) =>
  new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(text)?.[1] ?? '';
const elements = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(([, value]) => value);

async function initiate(oss: RunningOss, options: Partial<SignOptions> = {}): Promise<string> {
  const { text } = await oss.call({ ...object, method: 'POST', query: { uploads: '' }, ...options });
  return element(text, 'UploadId');
}

const uploadPart = (oss: RunningOss, uploadId: string, number: number, body: Buffer | string) =>
  oss.call({ ...object, method: 'PUT', query: { partNumber: String(number), uploadId }, body });

function complete(
  oss: RunningOss,
  uploadId: string,
  parts: [number, string][],
  options: Partial<SignOptions> = {},
) {
  const named = parts.map(
    ([number, eTag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${eTag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${named.join('')}</CompleteMultipartUpload>`;
  return oss.call({ ...object, method: 'POST', query: { uploadId }, body, ...options });
}

describe('a multipart upload', () => {
  it('a multipart upload goes on after a restart, part by part, in any order', async () => {
    const dataDir = await temporaryDir();
    const before = await startOss({ dataDir });
    const headers = { 'content-type': 'image/x', 'x-oss-meta-a': '1', 'x-oss-tagging': 'k=v' };
    const uploadId = await initiate(before, { headers });
    const two = await uploadPart(before, uploadId, 2, 'end');

    const after = await startOss({ dataDir });
    const replaced = await uploadPart(after, uploadId, 1, 'short');
    const one = await uploadPart(after, uploadId, 1, kb100);
    const answer = await complete(after, uploadId, [
      [1, String(one.headers.etag)],
      [2, String(two.headers.etag)],
    ]);
    const got = await after.call({ ...object, method: 'GET' });

    expect(replaced.headers.etag).not.toBe(one.headers.etag);
    expect(answer.headers['x-oss-hash-crc64ecma']).toBe(got.headers['x-oss-hash-crc64ecma']);
    expect(got.body.equals(Buffer.concat([kb100, Buffer.from('end')]))).toBe(true);
    expect(got.headers).toMatchObject({
      ...{ 'content-type': 'image/x', 'x-oss-meta-a': '1' },
      'x-oss-tagging-count': '1',
    });
    expect(got.headers).not.toHaveProperty('content-md5');
    expect((await complete(after, uploadId, [])).code).toBe('NoSuchUpload');
  });

  it('completes with all its parts when asked for them all', async () => {
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

  it.each([
    ['0', 'InvalidArgument'],
    ['10001', 'InvalidArgument'],
    ['x', 'InvalidArgument'],
  ])('a multipart upload has no part %s', async (partNumber, code) => {
    const oss = await startOss();
    const uploadId = await initiate(oss);

    expect(
      (await oss.call({ ...object, method: 'PUT', query: { partNumber, uploadId }, body: '' })).code,
    ).toBe(code);
  });

  it('a multipart upload is nothing to another key, and gone once aborted', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss);

    const other = await oss.call({ ...object, key: 'other', method: 'GET', query: { uploadId } });
    const full = await oss.call({ method: 'DELETE', bucket: 'photos' });
    const aborted = await oss.call({ ...object, method: 'DELETE', query: { uploadId } });
    const again = await oss.call({ ...object, method: 'DELETE', query: { uploadId } });

    expect([other.code, full.code, aborted.statusCode, again.code]).toEqual([
      'NoSuchUpload',
      'BucketNotEmpty',
      204,
      'NoSuchUpload',
    ]);
    expect((await oss.call({ method: 'DELETE', bucket: 'photos' })).statusCode).toBe(204);
  });

  it('copies a range of another object into a part', async () => {
    const oss = await startOss();
    await oss.call({ bucket: 'photos', key: '源', method: 'PUT', body: '0123456789' });
    const uploadId = await initiate(oss);
    const copy = (range: string) =>
      oss.call({
        ...object,
        method: 'PUT',
        query: { partNumber: '1', uploadId },
        headers: {
          'x-oss-copy-source': `/photos/${encodeURIComponent('源')}`,
          'x-oss-copy-source-range': range,
        },
      });

    const outside = await copy('bytes=10-12');
    const nonsense = await copy('5');
    const copied = await copy('bytes=2-4');
    await complete(oss, uploadId, [[1, element(copied.text, 'ETag')]]);

    expect([outside.statusCode, nonsense.statusCode]).toEqual([416, 400]);
    expect((await oss.call({ ...object, method: 'GET' })).text).toBe('234');
  });
});

describe('ListParts', () => {
  it('walks the parts page by page', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    for (const number of [3, 1, 20]) {
      await uploadPart(oss, uploadId, number, `part ${number}`);
    }
    const list = (query: Record<string, string>) =>
      oss.call({ ...object, method: 'GET', query: { uploadId, 'encoding-type': 'url', ...query } });

    const first = await list({ 'max-parts': '2' });
    const marker = element(first.text, 'NextPartNumberMarker');
    const second = await list({ 'max-parts': '2', 'part-number-marker': marker });

    expect(elements(first.text, 'PartNumber')).toEqual(['1', '3']);
    expect([element(first.text, 'IsTruncated'), marker]).toEqual(['true', '3']);
    expect(elements(second.text, 'PartNumber')).toEqual(['20']);
    expect([element(second.text, 'IsTruncated'), element(second.text, 'NextPartNumberMarker')]).toEqual([
      'false',
      '20',
    ]);
    expect(element(second.text, 'Size')).toBe('7');
    expect(element(second.text, 'HashCrc64ecma')).toMatch(/^\d+$/);
  });
});

describe('ListMultipartUploads', () => {
  it('walks hostile keys page by page', async () => {
    const oss = await startOss();
    for (const key of hostileKeys) {
      await initiate(oss, { key });
    }
    const listed: string[] = [];

    let markers: Record<string, string> = {};
    for (let isTruncated = true; isTruncated; ) {
      const query = { uploads: '', 'max-uploads': '3', 'encoding-type': 'url', ...markers };
      const { text } = await oss.call({ method: 'GET', bucket: 'photos', query });
      listed.push(...elements(text, 'Key').map((key) => decodeURIComponent(key ?? '')));
      isTruncated = element(text, 'IsTruncated') === 'true';
      markers = {
        'key-marker': decodeURIComponent(element(text, 'NextKeyMarker')),
        'upload-id-marker': element(text, 'NextUploadIdMarker'),
      };
    }

    expect(listed).toEqual(hostileKeys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  it('groups by delimiter, and tells uploads of one key apart', async () => {
    const oss = await startOss();
    for (const key of ['a/1', 'a/2', 'b', 'b', 'c/1']) {
      await initiate(oss, { key });
    }
    const list = async (query: Record<string, string>) => {
      const { text } = await oss.call({ method: 'GET', bucket: 'photos', query: { uploads: '', ...query } });
      return { keys: elements(text, 'Key'), text };
    };

    const grouped = await list({ delimiter: '/' });
    const first = await list({ delimiter: '/', 'max-uploads': '2' });
    const rest = await list({
      delimiter: '/',
      'key-marker': element(first.text, 'NextKeyMarker'),
      'upload-id-marker': element(first.text, 'NextUploadIdMarker'),
    });

    expect(grouped.keys).toEqual(['b', 'b']);
    expect(elements(grouped.text, 'Prefix')).toEqual(['', 'a/', 'c/']);
    expect([first.keys, rest.keys]).toEqual([['b'], ['b']]);
    expect(elements(rest.text, 'Prefix')).toEqual(['', 'c/']);
  });
});
