/* Headers and parameters that many operations have, by OSS help, "400 errors". */
import { describe, expect, it } from 'vitest';
import { startOss } from './running-oss.ts';
import { element, object, put } from './text-object.ts';

describe('a header or parameter', () => {
  it.each<[string, string, Record<string, string>]>([
    ['InvalidCRC64', 'a sum that does not fit', { 'x-oss-hash-crc64ecma': '1' }],
    [
      'InvalidDataEncryptionAlgorithmError',
      'an algorithm',
      { 'x-oss-server-side-data-encryption': 'AES256' },
    ],
  ])('a header or parameter is refused by %s: %s', async (code, _, headers) => {
    const oss = await startOss();

    const response = await oss.call({ ...object, method: 'PUT', headers, body: 'hello' });

    expect([response.statusCode, response.code]).toEqual([400, code]);
    expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(404);
  });

  it.each([
    { 'x-oss-traffic-limit': '838860800' },
    { 'x-oss-traffic-limit': '645763' },
    { 'x-oss-hash-crc64ecma': '11177612005948864433' },
    { 'x-oss-server-side-encryption': 'KMS', 'x-oss-server-side-data-encryption': 'SM4' },
    { 'x-oss-server-side-encryption': 'SM4' },
  ])('a header or parameter is taken: %j', async (headers) => {
    expect((await put(await startOss(), headers)).statusCode).toBe(200);
  });

  it('a parameter that sets a header of the answer is for those who sign', async () => {
    const oss = await startOss();
    await put(oss, { 'x-oss-object-acl': 'public-read' });
    const query = { 'response-content-type': 'text/html' };

    const anonymous = await fetch(`${oss.url}/photos/a.txt?${new URLSearchParams(query)}`);
    const signed = await oss.call({ ...object, method: 'GET', query });

    expect([anonymous.status, element(await anonymous.text(), 'Code')]).toEqual([400, 'InvalidRequest']);
    expect([signed.statusCode, signed.headers['content-type']]).toEqual([200, 'text/html']);
  });

  it('a header or parameter is refused in a document where headers or query are longer than Node.js reads by default', async () => {
    const oss = await startOss();
    const text = 'x'.repeat(20_000);

    const long = await put(oss, { 'x-oss-meta-a': text });
    const longKey = await put(oss, {}, 'hello', text);

    expect([long.statusCode, long.code]).toEqual([400, 'InvalidArgument']);
    expect([longKey.statusCode, longKey.code]).toEqual([400, 'InvalidObjectName']);
  });

  it('a prefix of ListBuckets that no bucket can begin with is refused', async () => {
    const oss = await startOss();

    const { statusCode, code } = await oss.call({ method: 'GET', query: { prefix: 'Photos' } });

    expect([statusCode, code]).toEqual([400, 'InvalidArgument']);
  });
});

describe('user metadata', () => {
  const meta = (count: number) =>
    Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`x-oss-meta-${index}`, 'x'.repeat(count)]));

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['PutObject', {}, {}],
    ['AppendObject', {}, { append: '', position: '0' }],
    ['InitiateMultipartUpload', {}, { uploads: '' }],
    ['CopyObject', { 'x-oss-copy-source': '/photos/b', 'x-oss-metadata-directive': 'REPLACE' }, {}],
  ])('user metadata of more than 8 KB, names included, is refused: %s', async (_, headers, query) => {
    const oss = await startOss();
    await put(oss, {}, 'hello', 'b');
    const method = Object.keys(query).length === 0 ? 'PUT' : 'POST';
    const upload = (bytes: number) =>
      oss.call({ ...object, key: `${bytes}`, method, query, headers: { ...headers, ...meta(bytes) } });

    const [most, more] = [await upload(1024 - 12), await upload(1024 - 11)];

    expect(most.statusCode).toBe(200);
    expect([more.statusCode, more.code]).toEqual([400, 'InvalidArgument']);
    expect(more.headers['x-oss-ec']).toBe('0011-00000002');
  });
});
