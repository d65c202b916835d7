import { describe, expect, it, vi } from 'vitest';
import { startOss } from './running-oss.ts';
import { send } from './v4-client.ts';

const object = { bucket: 'photos', key: 'a.jpg' };

describe('errors', () => {
  it('errors are the document OSS writes, with its headers', async () => {
    const oss = await startOss();

    const response = await oss.call({ method: 'GET', bucket: 'photos', key: 'gone & <lost>' });

    const requestId = response.headers['x-oss-request-id'];
    expect(requestId).toMatch(/^[0-9A-F]{24}$/);
    expect(response.headers).toMatchObject({
      'content-type': 'application/xml',
      'x-oss-ec': '0026-00000001',
    });
    expect(response.text).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>NoSuchKey</Code>
  <Message>The specified key does not exist.</Message>
  <RequestId>${requestId}</RequestId>
  <HostId>127.0.0.1</HostId>
  <Key>gone &#38; &#60;lost&#62;</Key>
  <EC>0026-00000001</EC>
  <RecommendDoc>https://api.aliyun.com/troubleshoot?q=0026-00000001</RecommendDoc>
</Error>
`,
    );
  });

  it('errors of HEAD are in a header', async () => {
    const oss = await startOss();

    const response = await oss.call({ method: 'HEAD', bucket: 'nowhere', key: 'a' });

    expect([response.statusCode, response.code, response.body.length]).toEqual([404, 'NoSuchBucket', 0]);
  });

  it('errors of our own making say nothing of the machine', async () => {
    const oss = await startOss({ processImage: () => Promise.reject(new Error('/home/me/secret')) });
    await oss.call({ ...object, method: 'PUT', body: 'x' });

    const response = await oss.call({ ...object, method: 'GET', query: { 'x-oss-process': 'image/info' } });

    expect([response.statusCode, response.code]).toEqual([500, 'InternalError']);
    expect(response.text).not.toContain('secret');
  });

  it.each([
    ['GET', '/photos/%zz', 400, 'InvalidURI'],
    ['GET', '/photos/%ff', 400, 'InvalidArgument', '0016-00000004'],
    ['GET', '/photos//a', 400, 'InvalidObjectName', '0016-00000005'],
    ['GET', '/photos/%5Ca', 400, 'InvalidObjectName', '0016-00000005'],
    ['GET', `/photos/${'k'.repeat(1024)}`, 400, 'InvalidObjectName', '0016-00000003'],
    ['GET', '/Photos/a', 400, 'InvalidBucketName'],
    ['GET', '/../photos/a', 400, 'InvalidBucketName'],
    ['GET', '/photos?prefix=a&prefix=b', 400, 'InvalidArgument'],
    ['GET', 'http://photos.example/a', 400, 'InvalidURI'],
  ])('errors name what is wrong with %s %s', async (method, path, statusCode, code, ec?: string) => {
    const oss = await startOss();

    const response = await send(oss.port, { method, path, headers: {}, body: Buffer.alloc(0) });

    expect([response.statusCode, response.code]).toEqual([statusCode, code]);
    expect(response.headers['x-oss-ec']).toBe(ec);
  });
});

describe('what is not here', () => {
  it.each([
    ['POST', 'a', { restore: '' }, {}, 'RestoreObject'],
    ['PUT', 'a', {}, { 'x-oss-callback': 'e30=' }, 'callbacks'],
    ['PUT', 'a', { callback: 'e30=' }, {}, 'callbacks'],
    ['PUT', 'a', { acl: '' }, { 'x-oss-copy-source': '/photos/b' }, 'PUT object ?acl'],
    ['GET', 'a', { versionId: 'x' }, {}, 'versionId=x'],
    ['HEAD', 'a', { 'x-oss-process': 'image/info' }, {}, undefined],
    ['GET', '', { lifecycle: '' }, {}, '?lifecycle'],
    ['PUT', '', { versioning: '' }, {}, 'PutBucketVersioning'],
  ])(
    'the local OSS refuses by name what is not here: %s %j %j %j',
    async (method, key, query, headers, name) => {
      const oss = await startOss();

      const response = await oss.call({ method, bucket: 'photos', key, query, headers });

      expect([response.statusCode, response.code]).toEqual([501, 'NotImplemented']);
      if (name !== undefined) {
        expect(response.text).toContain(name);
      }
    },
  );
});

describe('a method that OSS has not', () => {
  it.each([
    ['PATCH', 'photos', 'a', {}],
    ['POST', 'photos', 'a', {}],
    ['POST', 'photos', '', { MetaQuery: '' }],
    ['DELETE', '', '', {}],
  ])(
    'a method that OSS has not for a resource is not allowed: %s %j %j %j',
    async (method, bucket, key, query) => {
      const oss = await startOss();

      const response = await oss.call({ method, bucket, key, query, body: '' });

      expect([response.statusCode, response.code]).toEqual([405, 'MethodNotAllowed']);
    },
  );

  it('a copy source counts for nothing where nothing is written', async () => {
    const oss = await startOss();
    await oss.call({ ...object, method: 'PUT', body: 'x' });

    const headers = { 'x-oss-copy-source': '/photos/b' };
    const response = await oss.call({ ...object, method: 'GET', headers });

    expect([response.statusCode, response.text]).toEqual([200, 'x']);
  });
});

describe('what OSS does not know either', () => {
  it.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['a header', {}, { 'x-oss-auth': '1' }, 'x-oss-auth'],
    ['a query parameter', { prefixz: 'a' }, {}, '?prefixz'],
  ])('what OSS does not know either is ignored and told in the log: %s', async (_, query, headers, name) => {
    const warn = vi.fn();
    const oss = await startOss({ log: { debug: () => {}, info: () => {}, warn, error: () => {} } });

    const response = await oss.call({ method: 'PUT', bucket: 'photos', key: 'a', query, headers, body: 'x' });

    expect(response.statusCode).toBe(200);
    expect(warn).toHaveBeenCalledWith(expect.any(String), {
      requestId: response.headers['x-oss-request-id'],
      operation: 'PutObject',
      ignored: [name],
    });
  });
});

describe('a bucket that is missing', () => {
  it.each([
    ['GET', '', { acl: '' }, 404, 'NoSuchBucket'],
    ['PUT', '', { style: '', styleName: 'a' }, 404, 'NoSuchBucket'],
    ['PUT', 'a', {}, 404, 'NoSuchBucket'],
    ['PUT', '', {}, 403, 'InvalidAccessKeyId'],
    ['PUT', '', { acl: '' }, 403, 'InvalidAccessKeyId'],
  ])(
    'a bucket that is missing is told before a wrong AccessKey, save where it could be made: %s %j %j',
    async (method, key, query, statusCode, code) => {
      const oss = await startOss();

      const response = await oss.call({ method, bucket: 'nowhere', key, query, accessKeyId: 'wrong' });

      expect([response.statusCode, response.code]).toEqual([statusCode, code]);
    },
  );
});
