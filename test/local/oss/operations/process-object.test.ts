import { describe, expect, it } from 'vitest';
import { hostileKeys } from '../../../fixtures/hostile-keys.ts';
import { startOss } from '../running-oss.ts';

describe('processing', () => {
  const source = { bucket: 'photos', key: 'uploads/a.jpg' };
  const process = (value: string) => ({
    ...source,
    method: 'POST',
    query: { 'x-oss-process': '' },
    body: value,
  });
  const base64 = (text: string) => Buffer.from(text).toString('base64url');

  it('processing saves the result in another bucket and answers as OSS does', async () => {
    const oss = await startOss({ buckets: ['photos', 'thumbs'] });
    await oss.call({ ...source, method: 'PUT', body: 'pixels' });

    const body = `x-oss-process=image/resize,w_9|sys/saveas,o_${base64('t/a.webp')},b_${base64('thumbs')}`;
    const saved = await oss.call(process(body));
    const result = await oss.call({ bucket: 'thumbs', key: 't/a.webp', method: 'GET' });

    expect(saved.headers['content-type']).toBe('application/json');
    expect(saved.text).toContain('"status": "OK"');
    expect(JSON.parse(saved.text)).toEqual({
      bucket: 'thumbs',
      fileSize: 24,
      object: 't/a.webp',
      status: 'OK',
    });
    expect([result.text, result.headers['content-type']]).toEqual(['image/resize,w_9(pixels)', 'image/webp']);
    expect(oss.events[1]).toMatchObject({
      eventName: 'ObjectCreated:PutObject',
      oss: { bucket: { name: 'thumbs' }, object: { key: 't/a.webp', size: 24 } },
    });
  });

  it.each(hostileKeys)('processing saves under the key as it is: %j', async (key) => {
    const oss = await startOss();
    await oss.call({ ...source, method: 'PUT', body: 'pixels' });

    const saved = await oss.call(process(`x-oss-process=image/info|sys/saveas,o_${base64(key)}`));

    expect(JSON.parse(saved.text)).toMatchObject({ bucket: '', object: key });
    expect((await oss.call({ bucket: 'photos', key, method: 'GET' })).text).toBe('image/info(pixels)');
  });

  it('processing answers the picture itself without sys/saveas, and to GET', async () => {
    const oss = await startOss();
    const put = await oss.call({ ...source, method: 'PUT', body: 'pixels' });

    const post = await oss.call(process('x-oss-process=image/resize,w_9'));
    const get = await oss.call({ ...source, method: 'GET', query: { 'x-oss-process': 'image/resize,w_9' } });

    for (const response of [post, get]) {
      expect([response.text, response.headers['content-type']]).toEqual([
        'image/resize,w_9(pixels)',
        'image/webp',
      ]);
    }
    expect(get.headers.etag).toBe(put.headers.etag);
  });

  it.each([
    ['no source', { key: 'gone' }, 'image/info|sys/saveas,o_YQ', 404, 'NoSuchKey'],
    ['no source bucket', { bucket: 'nowhere' }, 'image/info|sys/saveas,o_YQ', 404, 'NoSuchBucket'],
    ['no target bucket', {}, 'image/info|sys/saveas,o_YQ,b_bm93aGVyZQ', 404, 'NoSuchBucket'],
    ['an empty process', {}, '', 400, 'InvalidRequest'],
    ['a style nobody made', {}, 'style/constructor|sys/saveas,o_YQ', 404, 'NoSuchStyle'],
    ['a document, as a bucket without IMM does', {}, 'doc/preview', 404, 'Imm Client'],
    ['a snapshot, which needs no IMM', {}, 'video/snapshot,t_1|sys/saveas,o_YQ', 501, 'NotImplemented'],
    ['a process without end', {}, `image/${'x'.repeat(40_000)}`, 400, 'InvalidArgument'],
  ])('processing refuses %s', async (_, change, value, statusCode, code) => {
    const oss = await startOss();
    await oss.call({ ...source, method: 'PUT', body: 'pixels' });

    const response = await oss.call({ ...process(`x-oss-process=${value}`), ...change });

    expect([response.statusCode, response.code]).toEqual([statusCode, code]);
    expect(oss.events).toHaveLength(1);
  });

  it.each([
    ['sys/saveas', 'image/info|sys/saveas,o_YQ', undefined, undefined],
    ['a body', 'image/info', 'x-oss-process=image/info', '0017-00000506'],
  ])('processing refuses %s to GET', async (_, value, body, ec) => {
    const oss = await startOss();
    await oss.call({ ...source, method: 'PUT', body: 'pixels' });

    const query = { 'x-oss-process': value };
    const response = await oss.call({ ...source, method: 'GET', query, ...(body !== undefined && { body }) });

    expect([response.statusCode, response.code]).toEqual([400, 'InvalidArgument']);
    expect(response.headers['x-oss-ec']).toBe(ec);
  });
});
