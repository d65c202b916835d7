import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { element, object, put } from '../text-object.ts';
import { send } from '../v4-client.ts';

describe('the public', () => {
  const anonymous = (method: string, path: string) => ({ method, path, headers: {}, body: Buffer.alloc(0) });

  it.each([
    ['private', 'default', [403, 403, 403]],
    ['public-read', 'default', [200, 200, 403]],
    ['public-read-write', 'default', [200, 200, 200]],
    ['public-read-write', 'private', [200, 403, 403]],
    ['private', 'public-read', [403, 200, 403]],
  ])(
    'the public lists, reads and writes as the ACLs of bucket (%s) and object (%s) allow',
    async (bucketAcl, acl, expected) => {
      const oss = await startOss();
      await oss.call({ method: 'PUT', bucket: 'photos', headers: { 'x-oss-acl': bucketAcl } });
      await oss.call({ ...object, method: 'PUT', headers: { 'x-oss-object-acl': acl }, body: 'x' });

      const statuses = [
        (await send(oss.port, anonymous('GET', '/photos/'))).statusCode,
        (await send(oss.port, anonymous('GET', '/photos/a.txt'))).statusCode,
        (await send(oss.port, anonymous('PUT', '/photos/a.txt'))).statusCode,
        (await send(oss.port, anonymous('GET', '/photos/a.txt?acl'))).statusCode,
      ];

      expect(statuses).toEqual([...expected, 403]);
    },
  );
});

describe('an ACL that OSS does not have', () => {
  it.each<[string, string, Record<string, string>, Record<string, string>]>([
    ['PUT', '', {}, { 'x-oss-acl': 'public-write' }],
    ['PUT', '', {}, { 'x-oss-acl': 'default' }],
    ['PUT', '', { acl: '' }, { 'x-oss-acl': 'public-write' }],
    ['PUT', 'a', {}, { 'x-oss-object-acl': 'public-write' }],
    ['PUT', 'a', { acl: '' }, { 'x-oss-object-acl': 'public-write' }],
    ['POST', 'a', { uploads: '' }, { 'x-oss-object-acl': 'public-write' }],
  ])('an ACL that OSS does not have is refused: %s %j %j %j', async (method, key, query, headers) => {
    const oss = await startOss();
    await put(oss, {}, 'x', 'a');

    const { statusCode, code } = await oss.call({ bucket: 'photos', key, method, query, headers, body: '' });

    expect([statusCode, code]).toEqual([400, 'InvalidArgument']);
  });
});

describe('PutBucketAcl', () => {
  it('PutBucketAcl makes the bucket that is missing, and says where', async () => {
    const oss = await startOss();
    const request = { method: 'PUT', query: { acl: '' }, headers: { 'x-oss-acl': 'public-read' } };

    const made = await oss.call({ ...request, bucket: 'others' });
    const known = await oss.call({ ...request, bucket: 'photos' });

    expect([made.statusCode, made.headers.location]).toEqual([200, '/others']);
    expect([known.statusCode, known.headers.location]).toEqual([200, '/photos']);
    const acl = await oss.call({ bucket: 'others', method: 'GET', query: { acl: '' } });
    expect([acl.statusCode, element(acl.text, 'Grant')]).toEqual([200, 'public-read']);
  });
});

describe('PutObjectAcl', () => {
  it.each([{}, { 'x-oss-object-acl': '' }])('an ACL that is missing is refused: %j', async (headers) => {
    const oss = await startOss();
    await put(oss);

    const response = await oss.call({ ...object, method: 'PUT', query: { acl: '' }, headers });

    expect([response.statusCode, response.code]).toEqual([400, 'MissingArgument']);
  });
});
