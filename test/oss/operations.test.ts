import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { processBodyMd5 } from '../fixtures/vectors/oss-v4.ts';
import type { OssClient } from './client.ts';
import { answer, mockOss, process, rejection, signedAt, source } from './mock-oss.ts';

const saved = JSON.stringify(
  { bucket: 'bucket-1', fileSize: 3267, object: 'dest.jpg', status: 'OK' },
  null,
  4,
);

describe('ProcessObject', () => {
  it('processObject posts the instruction raw and answers with what was saved', async () => {
    const mock = mockOss();
    const [vector] = processBodyMd5;
    const sent = answer(mock, 200, saved, { 'content-type': 'application/json' });

    const result = await mock.client.processObject({ ...source, process });

    expect(result).toEqual({
      statusCode: 200,
      requestId: 'R1',
      attempts: 1,
      bucket: 'bucket-1',
      key: 'dest.jpg',
      sizeBytes: 3267,
      processStatus: 'OK',
    });
    expect(sent[0]).toMatchObject({
      method: 'POST',
      path: '/photos/a%20b.jpg?x-oss-process',
      body: vector?.body,
    });
    expect(sent[0]?.headers['content-md5']).toBe(vector?.contentMd5);
    expect(sent[0]?.headers['x-oss-security-token']).toBe('very-token');
  });

  it.each(['image/watermark,text_a+b', 'image/x,a_50%25', 'image/x,a_1&b_2', 'image/x,t_中 +'])(
    'processObject sends %j so that a server which decodes forms sees it unchanged',
    async (style) => {
      const mock = mockOss();
      const sent = answer(mock, 200, saved);

      await mock.client.processObject({ ...source, process: style });

      expect([...new URLSearchParams(sent[0]?.body)]).toEqual([['x-oss-process', style]]);
    },
  );

  it('processObject names the source bucket when OSS names none', async () => {
    const mock = mockOss();
    answer(mock, 200, '{"bucket":"","fileSize":1,"object":"dest.jpg","status":"OK"}');

    await expect(mock.client.processObject({ ...source, process })).resolves.toMatchObject({
      bucket: 'photos',
    });
  });

  it('processObject takes JSON that names what was saved for a success, although it has no request id', async () => {
    const mock = mockOss();
    answer(mock, 200, saved, { 'x-oss-request-id': '' });

    const result = await mock.client.processObject({ ...source, process });

    expect(result).toMatchObject({ key: 'dest.jpg', processStatus: 'OK', requestId: undefined });
  });

  it('processObject takes no more of an answer than a key and an id can be long, and no size that is no number', async () => {
    const mock = mockOss();
    const long = 'x'.repeat(5_000);
    answer(mock, 200, JSON.stringify({ object: long, fileSize: '9', status: 'OK' }), {
      'x-oss-request-id': long,
    });

    const { key, requestId, sizeBytes } = await mock.client.processObject({ ...source, process });

    expect([key?.length, requestId?.length, sizeBytes]).toEqual([1_023, 100, undefined]);
  });

  it("processObject takes OSS's own 200 with a length of 0 for a success of unknown size", async () => {
    const mock = mockOss();
    answer(mock, 200, '', { 'content-length': '0' });

    const result = await mock.client.processObject({ ...source, process });

    expect(result).toMatchObject({ statusCode: 200, bucket: 'photos', sizeBytes: undefined, key: undefined });
  });

  it.each([
    ['a picture', 'image/jpeg', Buffer.from([0xff, 0xd8, 0xff])],
    ['the JSON of image/info', 'application/json', '{"ImageWidth":{"value":"1"}}'],
  ])(
    'processObject complains about %s, which is what comes back when nothing was saved',
    async (_what, type, body) => {
      const mock = mockOss();
      answer(mock, 200, body, { 'content-type': type });

      const error = await rejection(mock.client.processObject({ ...source, process: 'image/info' }));

      expect(error).toMatchObject({
        name: 'OssRequestError',
        code: 'UnexpectedAnswer',
        kind: 'later',
        requestId: 'R1',
      });
      expect(String(error)).toContain(`bytes of ${type} instead of what was saved; without sys/saveas`);
    },
  );
});

describe('an answer that says nothing of a saved object', () => {
  const ok = { bucket: 'bucket-1', object: 'dest.jpg', status: 'OK' };
  it.each<[string, number, string, Record<string, string>]>([
    ['an empty 200 without a length, as one that was cut off', 200, '', {}],
    ['an empty 200 without a request id, as a proxy sends it', 200, '', { 'x-oss-request-id': '' }],
    ['an empty 202', 202, '', {}],
    ['an empty 204', 204, '', {}],
    ['an empty 205', 205, '', {}],
    ['an empty 207', 207, '', {}],
    ['a JSON that was cut off', 200, JSON.stringify(ok).slice(0, 40), {}],
    ['the status Failed', 200, JSON.stringify({ ...ok, status: 'Failed' }), {}],
    ['no status', 200, JSON.stringify({ ...ok, status: undefined }), {}],
    ['no object', 200, JSON.stringify({ ...ok, object: undefined }), {}],
    ['an error beside the object', 200, JSON.stringify({ ...ok, Error: { Code: 'X' } }), {}],
    ['a 202 that names the object', 202, JSON.stringify(ok), {}],
  ])('%s is no success', async (name, statusCode, body, headers) => {
    const mock = mockOss();
    const length = name.includes('without a length') ? {} : { 'content-length': String(body.length) };
    answer(mock, statusCode, body, { ...length, ...headers });

    const error = await rejection(mock.client.processObject({ ...source, process }));

    expect(error).toMatchObject({ code: 'UnexpectedAnswer', kind: 'later' });
  });

  it('a 204 to a HEAD does not tell that the object is there', async () => {
    const mock = mockOss();
    answer(mock, 204, '');

    expect(await rejection(mock.client.headObject(source))).toMatchObject({ code: 'UnexpectedAnswer' });
  });
});

describe("an answer that is not OSS's own", () => {
  it.each<[string, number, string, (client: OssClient) => Promise<unknown>]>([
    ['HEAD', 200, '', (client) => client.headObject(source)],
    ['GET', 200, 'a page', (client) => client.getObject(source)],
    ['PUT', 200, '', (client) => client.putObject({ ...source, body: 'x' })],
    ['DELETE', 204, '', (client) => client.deleteObject(source)],
  ])('an answer without a request id is no success of %s', async (_, statusCode, body, act) => {
    const mock = mockOss();
    answer(mock, statusCode, body, { 'x-oss-request-id': '' });

    const error = await rejection(act(mock.client));

    expect(error).toMatchObject({ code: 'UnexpectedAnswer', kind: 'later' });
    expect(String(error)).toContain("instead of an answer of OSS's own");
  });
});

describe('the other operations', () => {
  it('headObject reads what HEAD tells of an object', async () => {
    const mock = mockOss();
    answer(mock, 200, '', {
      'content-length': '12',
      'content-type': 'image/jpeg',
      etag: '"AB"',
      'last-modified': 'Sat, 16 Dec 2023 16:20:57 GMT',
      'x-oss-meta-a': '1',
    });

    const result = await mock.client.headObject(source);

    expect(result).toMatchObject({
      sizeBytes: 12,
      contentType: 'image/jpeg',
      eTag: 'AB',
      lastModified: new Date(signedAt),
    });
    expect(result.headers['x-oss-meta-a']).toBe('1');
  });

  it('an operation leaves no timer behind that would keep a program waiting', async () => {
    onTestFinished(() => {
      vi.useRealTimers();
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const mock = mockOss();
    answer(mock, 200, '');
    answer(mock, 404, '');

    await mock.client.headObject(source);
    await rejection(mock.client.headObject(source));

    expect(vi.getTimerCount()).toBe(0);
  });

  it('deleteObject deletes an object', async () => {
    const mock = mockOss();
    const sent = answer(mock, 204, '');

    await expect(mock.client.deleteObject(source)).resolves.toEqual({
      statusCode: 204,
      requestId: 'R1',
      attempts: 1,
    });
    expect(sent[0]?.method).toBe('DELETE');
  });
});
