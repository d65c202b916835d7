import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { element } from '../text-object.ts';
import { send } from '../v4-client.ts';

describe('a bucket', () => {
  it('a bucket tells its region, to HEAD too', async () => {
    const oss = await startOss();

    const there = await oss.call({ bucket: 'photos', method: 'HEAD' });
    const absent = await oss.call({ bucket: 'others', method: 'HEAD' });
    const location = await oss.call({ bucket: 'photos', method: 'GET', query: { location: '' } });

    expect([there.statusCode, there.headers['x-oss-bucket-region']]).toEqual([200, 'oss-cn-hangzhou']);
    expect([absent.statusCode, absent.code]).toEqual([404, 'NoSuchBucket']);
    expect(element(location.text, 'LocationConstraint')).toBe('oss-cn-hangzhou');
  });

  it.each([
    ['LRS', 200],
    ['ZRS', 200],
    ['GRS', 400],
  ])('a bucket keeps and shows the redundancy it was made with: %s', async (redundancy, statusCode) => {
    const oss = await startOss();

    const body = `<CreateBucketConfiguration><DataRedundancyType>${redundancy}</DataRedundancyType></CreateBucketConfiguration>`;
    const made = await oss.call({ bucket: 'videos', method: 'PUT', body });
    const info = await oss.call({ bucket: 'videos', method: 'GET', query: { bucketInfo: '' } });

    expect(made.statusCode).toBe(statusCode);
    expect(element(info.text, 'DataRedundancyType')).toBe(statusCode === 200 ? redundancy : undefined);
  });

  it.each(['<StorageClass>IA</StorageClass>', '<DataRedundancyType>ZRS</DataRedundancyType>'])(
    'a bucket keeps what it was made with, and says so: %s',
    async (element) => {
      const oss = await startOss();
      const make = (children: string) =>
        oss.call({
          bucket: 'videos',
          method: 'PUT',
          body: `<CreateBucketConfiguration>${children}</CreateBucketConfiguration>`,
        });
      await make('');

      const other = await make(element);
      const same = await make(
        '<StorageClass>Standard</StorageClass><DataRedundancyType>LRS</DataRedundancyType>',
      );

      expect([other.statusCode, other.code, same.statusCode]).toEqual([409, 'BucketAlreadyExists', 200]);
    },
  );

  it.each(['accessmonitor', 'qos', 'overwriteConfig', 'objectWorm', 'dataPipeline'])(
    'a bucket is not made by what only configures one: %s',
    async (name) => {
      const oss = await startOss();

      const { statusCode, text } = await oss.call({ bucket: 'photos', method: 'PUT', query: { [name]: '' } });

      expect([statusCode, element(text, 'Message')]).toEqual([501, expect.stringContaining(name)]);
    },
  );
});

describe('what live tests of aliyun-oss-java-sdk ask of buckets', () => {
  it.each([
    ['oss-cn-hangzhou', 200, undefined],
    ['oss-ap-southeast-1', 400, 'InvalidLocationConstraint'],
  ])('a bucket is made in the region of the server only: %s', async (location, statusCode, code) => {
    const oss = await startOss();

    const body = `<CreateBucketConfiguration><LocationConstraint>${location}</LocationConstraint></CreateBucketConfiguration>`;
    const response = await oss.call({ bucket: 'videos', method: 'PUT', body });

    expect([response.statusCode, response.code]).toEqual([statusCode, code]);
  });

  it('a bucket with an underscore in its name is not there, and cannot be made', async () => {
    const oss = await startOss();

    const read = await oss.call({ bucket: 'test_1', method: 'GET', query: { bucketInfo: '' } });
    const made = await oss.call({ bucket: 'test_1', method: 'PUT' });

    expect([read.code, made.code]).toEqual(['NoSuchBucket', 'InvalidBucketName']);
  });

  it('a bucket has a comment, and says what is in the way of its deletion', async () => {
    const oss = await startOss();
    const info = await oss.call({ bucket: 'photos', method: 'GET', query: { bucketInfo: '' } });
    await oss.call({ bucket: 'photos', key: 'a', method: 'PUT', body: 'x' });

    const full = await oss.call({ bucket: 'photos', method: 'DELETE' });
    await oss.call({ bucket: 'photos', key: 'a', method: 'POST', query: { uploads: '' } });
    const busy = await oss.call({ bucket: 'photos', method: 'DELETE' });

    expect(element(info.text, 'Comment')).toBe('');
    expect([full, busy].map(({ code, text }) => [code, element(text, 'Message')])).toEqual([
      ['BucketNotEmpty', 'The bucket has objects. Please delete them first.'],
      ['BucketNotEmpty', expect.stringMatching(/^The bucket has Multipart Uploads\./)],
    ]);
  });
});

describe('a signature of another kind', () => {
  it.each([
    'OSS2 AccessKeyId:local,Signature:c2ln',
    'AWS local:c2ln',
    'AWS4-HMAC-SHA256 Credential=local/20261127/cn-hangzhou/s3/aws4_request,SignedHeaders=host,Signature=00',
  ])('a signature of another kind is named: %s', async (authorization) => {
    const oss = await startOss();

    const request = { method: 'GET', path: '/photos/', headers: { authorization }, body: Buffer.alloc(0) };
    const { statusCode, text } = await send(oss.port, request);

    const [kind] = authorization.split(' ');
    expect([statusCode, element(text, 'Message')]).toEqual([501, expect.stringContaining(String(kind))]);
  });

  it.each([
    ['list-type=2', 'list-type=2'],
    ['list-type=2', ''],
    ['publicAccessBlock', 'publicAccessBlock'],
    ['publicAccessBlock', ''],
  ])(
    'a V1 signature may cover a sub-resource that is younger than it, or not: %s by "%s"',
    async (query, signed) => {
      const oss = await startOss();
      const date = new Date().toUTCString();
      const signature = createHmac('sha1', 'local-secret')
        .update(`GET\n\n\n${date}\n/photos/${signed && '?'}${signed}`)
        .digest('base64');

      const headers = { date, authorization: `OSS local:${signature}` };
      const path = `/photos/?${query}`;
      const { statusCode } = await send(oss.port, { method: 'GET', path, headers, body: Buffer.alloc(0) });

      expect(statusCode).toBe(200);
    },
  );
});
