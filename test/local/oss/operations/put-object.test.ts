import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { element, object, put } from '../text-object.ts';
import { send, signV4 } from '../v4-client.ts';

describe('PutObject', () => {
  it.each(['If-Modified-Since', 'If-Unmodified-Since', 'If-Match', 'If-None-Match'])(
    'PutObject refuses the condition %s, which it has not',
    async (name) => {
      const oss = await startOss();

      const response = await put(oss, { [name.toLowerCase()]: 'Thu, 11 Aug 2019 01:43:51 GMT' });

      expect([response.statusCode, response.code]).toEqual([400, 'NotImplemented']);
      expect(element(response.text, 'Header')).toBe(name);
      expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(404);
    },
  );
});

describe('what live tests of aliyun-oss-java-sdk ask of objects', () => {
  it('an empty ACL is none', async () => {
    const oss = await startOss();

    const { statusCode } = await put(oss, { 'x-oss-object-acl': '' });

    const acl = await oss.call({ ...object, method: 'GET', query: { acl: '' } });
    expect([statusCode, element(acl.text, 'Grant')]).toEqual([200, 'default']);
  });

  it('a symbolic link tells its own type and metadata', async () => {
    const oss = await startOss();
    const link = { ...object, query: { symlink: '' } };
    const headers = { 'x-oss-symlink-target': 'b', 'content-type': 'text/css', 'x-oss-meta-a': '1' };
    await oss.call({ ...link, method: 'PUT', headers });

    expect((await oss.call({ ...link, method: 'GET' })).headers).toMatchObject(headers);
  });

  it('an append without a position lacks an argument', async () => {
    const oss = await startOss();

    const { statusCode, code } = await oss.call({
      ...object,
      method: 'POST',
      query: { append: '' },
      body: 'x',
    });

    expect([statusCode, code]).toEqual([400, 'MissingArgument']);
  });

  it('a list without parts names no next one, and the place of an object is escaped', async () => {
    const oss = await startOss();
    const upload = { bucket: 'photos', key: "a~'*!()", query: {} };
    const begun = await oss.call({ ...upload, method: 'POST', query: { uploads: '' } });
    const query = { uploadId: element(begun.text, 'UploadId') ?? '' };

    const listed = await oss.call({ ...upload, method: 'GET', query });
    const headers = { 'x-oss-complete-all': 'yes' };
    const done = await oss.call({ ...upload, method: 'POST', query, headers });

    expect(listed.text).toContain('<NextPartNumberMarker></NextPartNumberMarker>');
    expect(element(done.text, 'Location')).toBe(`${oss.url}/photos/a%7E%27%2A%21%28%29`);
  });

  it('a signature for another product is refused with its ec', async () => {
    const oss = await startOss();
    const request = signV4({ ...object, method: 'GET' });
    const authorization =
      request.headers.authorization?.replace('/cn-hangzhou/oss/', '/1/oss-cloudbox/') ?? '';

    const response = await send(oss.port, { ...request, headers: { ...request.headers, authorization } });

    expect([response.code, response.headers['x-oss-ec']]).toEqual(['InvalidArgument', '0002-00000227']);
  });
});
