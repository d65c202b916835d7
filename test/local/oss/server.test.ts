import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { hostileKeys } from '../../fixtures/hostile-keys.ts';
import { startOss, temporaryDir } from './running-oss.ts';
import { send, signV4 } from './v4-client.ts';

const object = { bucket: 'photos', key: 'a.jpg' };

describe('objects', () => {
  it.each(hostileKeys)('objects come back as they were put, under %j', async (key) => {
    const oss = await startOss();
    const body = Buffer.from([0, 255, 13, 10, ...Buffer.from(key)]);

    const put = await oss.call({ method: 'PUT', bucket: 'photos', key, body });
    const get = await oss.call({ method: 'GET', bucket: 'photos', key });
    const other = await oss.call({ method: 'GET', bucket: 'photos', key: 'b' });

    expect(put.statusCode).toBe(200);
    expect(get.body.equals(body)).toBe(true);
    expect(get.headers.etag).toBe(put.headers.etag);
    expect(oss.events[0]?.oss.object.key).toBe(key);
    expect(other.code).toBe('NoSuchKey');
  });

  it('keep content type and user metadata, and lose them with the next put', async () => {
    const oss = await startOss();
    const headers = {
      'content-type': 'image/jpeg',
      'x-oss-meta-author': 'someone',
      'cache-control': 'no-store',
    };

    await oss.call({ ...object, method: 'PUT', headers, body: 'x' });
    const first = await oss.call({ ...object, method: 'HEAD' });
    await oss.call({ ...object, method: 'PUT', body: '' });
    const second = await oss.call({ ...object, method: 'HEAD' });

    expect(first.headers).toMatchObject({ ...headers, 'content-length': '1', 'x-oss-object-type': 'Normal' });
    expect(second.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '0',
    });
    expect(second.headers).not.toHaveProperty('x-oss-meta-author');
  });

  it.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 200, '0123456789', undefined],
    ['bytes=4-2', 200, '0123456789', undefined],
    ['bytes=-0', 200, '0123456789', undefined],
  ])('objects are read by range %s', async (range, statusCode, text, contentRange) => {
    const oss = await startOss();
    await oss.call({ ...object, method: 'PUT', body: '0123456789' });

    const response = await oss.call({ ...object, method: 'GET', headers: { range } });

    expect([response.statusCode, response.text, response.headers['content-range']]).toEqual([
      statusCode,
      text,
      contentRange,
    ]);
  });

  it('objects are deleted once with an event, again without one', async () => {
    const oss = await startOss();
    await oss.call({ ...object, method: 'PUT', body: '12345' });

    const statuses = [
      (await oss.call({ ...object, method: 'DELETE' })).statusCode,
      (await oss.call({ ...object, method: 'DELETE' })).statusCode,
    ];

    expect(statuses).toEqual([204, 204]);
    expect(oss.events.map(({ eventName }) => eventName)).toEqual([
      'ObjectCreated:PutObject',
      'ObjectRemoved:DeleteObject',
    ]);
    expect(oss.events[1]?.oss.object.deltaSize).toBe(-5);
  });

  it('survive a server that is gone without notice', async () => {
    const dataDir = await temporaryDir();
    const before = await startOss({ dataDir });
    await before.call({ ...object, method: 'PUT', body: 'kept', headers: { 'x-oss-meta-a': '1' } });

    const after = await startOss({ dataDir });
    const response = await after.call({ ...object, method: 'GET' });

    expect([response.text, response.headers['x-oss-meta-a']]).toEqual(['kept', '1']);
  });

  it('objects are not made of an upload that breaks off', async () => {
    const oss = await startOss();
    const { method, path, headers } = signV4({
      ...object,
      method: 'PUT',
      headers: { 'content-length': '100' },
    });
    const lines = Object.entries({ host: '127.0.0.1', ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );

    const socket = connect(oss.port, '127.0.0.1');
    await new Promise((resolve) =>
      socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\nhalf`, resolve),
    );
    await new Promise((resolve) => socket.on('close', resolve).resetAndDestroy());

    expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(404);
    expect(oss.events).toEqual([]);
  });
});

describe('an event', () => {
  it('an event is the record that OSS documents, of the object before and after', async () => {
    const oss = await startOss({ now: () => Date.UTC(2026, 2, 11, 6, 21, 35) });
    const timeMs = Date.UTC(2026, 2, 11, 6, 21, 35);
    const headers = { 'content-type': 'image/jpeg', 'x-oss-meta-author': 'someone' };
    await oss.call({ ...object, method: 'PUT', body: '12345', timeMs });

    const { headers: answered } = await oss.call({ ...object, method: 'PUT', body: '12', headers, timeMs });

    expect(oss.events[1]).toEqual({
      eventName: 'ObjectCreated:PutObject',
      eventSource: 'acs:oss',
      eventTime: '2026-03-11T06:21:35.000Z',
      eventVersion: '1.0',
      oss: {
        bucket: {
          arn: 'acs:oss:cn-hangzhou:1000000000000000:photos',
          name: 'photos',
          ownerIdentity: '1000000000000000',
          virtualBucket: '',
        },
        object: {
          deltaSize: -3,
          eTag: 'C20AD4D76FE97759AA27A0C99BFF6710',
          key: 'a.jpg',
          objectMeta: { mimeType: 'image/jpeg', userMeta: { 'x-oss-meta-author': 'someone' } },
          size: 2,
        },
        ossSchemaVersion: '1.0',
        ruleId: expect.stringMatching(/^[0-9a-f]{40}$/),
      },
      region: 'cn-hangzhou',
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: { requestId: answered['x-oss-request-id'] },
      userIdentity: { principalId: '1000000000000000' },
    });
  });

  it('an event that nobody could take does not fail the request', async () => {
    const oss = await startOss({
      onObjectEvent: () => {
        throw new Error('queue is full');
      },
    });

    expect((await oss.call({ ...object, method: 'PUT', body: 'x' })).statusCode).toBe(200);
  });
});

describe('processing', () => {
  const source = { bucket: 'photos', key: 'uploads/a.jpg' };
  const process = (value: string) => ({
    ...source,
    method: 'POST',
    query: { 'x-oss-process': '' },
    body: value,
  });
  const base64 = (text: string) => Buffer.from(text).toString('base64url');

  it('saves the result in another bucket and answers as OSS does', async () => {
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

  it.each(hostileKeys)('saves under the key as it is: %j', async (key) => {
    const oss = await startOss();
    await oss.call({ ...source, method: 'PUT', body: 'pixels' });

    const saved = await oss.call(process(`x-oss-process=image/info|sys/saveas,o_${base64(key)}`));

    expect(JSON.parse(saved.text)).toMatchObject({ bucket: '', object: key });
    expect((await oss.call({ bucket: 'photos', key, method: 'GET' })).text).toBe('image/info(pixels)');
  });

  it('answers the picture itself without sys/saveas, and to GET', async () => {
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
  ])('refuses %s', async (_, change, value, statusCode, code) => {
    const oss = await startOss();
    await oss.call({ ...source, method: 'PUT', body: 'pixels' });

    const response = await oss.call({ ...process(`x-oss-process=${value}`), ...change });

    expect([response.statusCode, response.code]).toEqual([statusCode, code]);
    expect(oss.events).toHaveLength(1);
  });

  it('refuses sys/saveas to GET', async () => {
    const oss = await startOss();
    await oss.call({ ...source, method: 'PUT', body: 'pixels' });

    const query = { 'x-oss-process': 'image/info|sys/saveas,o_YQ' };
    const response = await oss.call({ ...source, method: 'GET', query });

    expect([response.statusCode, response.code]).toEqual([400, 'InvalidArgument']);
  });
});

describe('the public', () => {
  const anonymous = (method: string, path: string) => ({ method, path, headers: {}, body: Buffer.alloc(0) });

  it.each([
    ['private', 'default', [403, 403, 403]],
    ['public-read', 'default', [200, 200, 403]],
    ['public-read-write', 'default', [200, 200, 200]],
    ['public-read-write', 'private', [200, 403, 403]],
    ['private', 'public-read', [403, 200, 403]],
  ])(
    'lists, reads and writes as the ACLs of bucket (%s) and object (%s) allow',
    async (bucketAcl, acl, expected) => {
      const oss = await startOss();
      await oss.call({ method: 'PUT', bucket: 'photos', headers: { 'x-oss-acl': bucketAcl } });
      await oss.call({ ...object, method: 'PUT', headers: { 'x-oss-object-acl': acl }, body: 'x' });

      const statuses = [
        (await send(oss.port, anonymous('GET', '/photos/'))).statusCode,
        (await send(oss.port, anonymous('GET', '/photos/a.jpg'))).statusCode,
        (await send(oss.port, anonymous('PUT', '/photos/a.jpg'))).statusCode,
      ];

      expect(statuses).toEqual(expected);
    },
  );
});

describe('addresses', () => {
  it.each([
    ['photos.oss-cn-hangzhou.aliyuncs.com', '/a.jpg'],
    ['photos.localhost:9000', '/a.jpg'],
    ['PHOTOS.oss.example:80', '/a.jpg'],
    ['localhost:9000', '/photos/a.jpg'],
    ['oss-cn-hangzhou.aliyuncs.com', '/photos/a.jpg'],
    ['[::1]:9000', '/photos/a%2Ejpg'],
  ])('lead to the object from %s%s', async (host, path) => {
    const oss = await startOss();
    await oss.call({ ...object, method: 'PUT', body: 'here' });

    const signed = signV4({ ...object, method: 'GET' });
    const response = await send(oss.port, { ...signed, path, headers: { ...signed.headers, host } });

    expect(response.text).toBe('here');
  });
});

describe('large objects', () => {
  it('pass through without staying in memory', async () => {
    const oss = await startOss();
    const body = Buffer.alloc(48 * 1024 * 1024, 'x');

    await oss.call({ ...object, method: 'PUT', body });
    const range = await oss.call({ ...object, method: 'GET', headers: { range: 'bytes=-1' } });
    const processed = await oss.call({ ...object, method: 'GET', query: { 'x-oss-process': 'image/info' } });

    expect(range.headers['content-range']).toBe(`bytes ${body.length - 1}-${body.length - 1}/${body.length}`);
    expect([processed.code, processed.headers['x-oss-ec']]).toEqual(['ImageTooLarge', '0040-00000009']);
  });
});
