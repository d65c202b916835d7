import { describe, expect, it } from 'vitest';
import { startOss, temporaryDir } from '../running-oss.ts';
import { complete, element, initiate, kb100, object, uploadPart } from './multipart-upload.ts';

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

  it('a multipart upload names its key escaped to who asks for that', async () => {
    const oss = await startOss();

    const query = { uploads: '', 'encoding-type': 'url' };
    const { text } = await oss.call({ ...object, key: 'a b', method: 'POST', query });

    expect([element(text, 'EncodingType'), element(text, 'Key')]).toEqual(['url', 'a%20b']);
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

  it('copies a range of another object into a part, and all of it where the range is none or too far', async () => {
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

    const sizes = [];
    for (const range of ['bytes=8-12', 'bytes=10-12', '5', 'bytes=7-']) {
      await copy(range);
      const { text } = await oss.call({ ...object, method: 'GET', query: { uploadId } });
      sizes.push(element(text, 'Size'));
    }
    const copied = await copy('bytes=2-4');
    await complete(oss, uploadId, [[1, element(copied.text, 'ETag')]]);

    expect(sizes).toEqual(['10', '10', '10', '3']);
    expect(copied.headers['content-range']).toBe('bytes 2-4/10');
    expect((await oss.call({ ...object, method: 'GET' })).text).toBe('234');
  });

  it('a multipart upload takes the headers of an encrypting client with a part', async () => {
    const oss = await startOss();
    const query = { partNumber: '1', uploadId: await initiate(oss) };
    const headers = { 'x-oss-meta-client-side-encryption-data-size': '5' };

    expect((await oss.call({ ...object, method: 'PUT', query, headers, body: 'hello' })).statusCode).toBe(
      200,
    );
  });

  it.each([
    ['DELETE', {}, '0042-00000002'],
    ['GET', {}, '0042-00000002'],
    ['PUT', { partNumber: '1' }, '0042-00000104'],
  ])('a multipart upload that is not there is named with its id and ec: %s', async (method, query, ec) => {
    const oss = await startOss();

    const response = await oss.call({ ...object, method, query: { ...query, uploadId: 'none' }, body: '' });

    expect([response.statusCode, response.code, response.headers['x-oss-ec']]).toEqual([
      404,
      'NoSuchUpload',
      ec,
    ]);
    expect(element(response.text, 'UploadId')).toBe('none');
  });
});

describe('what live tests of aliyun-oss-cpp-sdk ask of multipart uploads', () => {
  const sizes = (data: number, part: number) => ({
    'x-oss-meta-client-side-encryption-data-size': String(data),
    'x-oss-meta-client-side-encryption-part-size': String(part),
  });

  it('a source of a copy counts for nothing where an upload begins', async () => {
    const oss = await startOss();

    expect(await initiate(oss, { headers: { 'x-oss-copy-source': '/photos/none' } })).not.toBe('');
  });

  it.each([
    { 'x-oss-meta-client-side-encryption-part-size': '102400' },
    sizes(0, 102_400),
    sizes(204_800, 102_401),
  ])('an encrypting client announces sizes that make sense: %j', async (headers) => {
    const oss = await startOss();

    const { statusCode, code } = await oss.call({
      ...object,
      method: 'POST',
      query: { uploads: '' },
      headers,
    });

    expect([statusCode, code]).toEqual([400, 'InvalidEncryptionRequest']);
  });

  it('an encrypting client uploads as many parts as it announced', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss, { headers: sizes(204_800, 102_400) });
    const eTagOf = async (number: number) =>
      (await uploadPart(oss, uploadId, number, kb100)).headers.etag ?? '';
    const parts: [number, string][] = [
      [1, await eTagOf(1)],
      [2, await eTagOf(2)],
    ];

    const fewer = await complete(oss, uploadId, parts.slice(0, 1));
    const all = await complete(oss, uploadId, parts);

    expect([fewer.statusCode, fewer.code, all.statusCode]).toEqual([400, 'InvalidEncryptionRequest', 200]);
  });
});
