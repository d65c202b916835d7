/* Documented: OSS help, the page of each operation, "Response elements". */
import { describe, expect, it } from 'vitest';
import { type RunningOss, startOss } from '../running-oss.ts';
import type { SignOptions } from '../v4-client.ts';
import { initiate, object } from './multipart-upload.ts';

const nowMs = Date.UTC(2026, 10, 27, 2, 0, 4);
const time = '2026-11-27T02:00:04.000Z';
const owner = ['ID=1000000000000000', 'DisplayName=1000000000000000'];

/** Names and texts of a document's innermost elements. */
const leaves = (text: string) =>
  [...text.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, name, value]) => `${name}=${value}`);

async function list(oss: RunningOss, options: Partial<SignOptions>) {
  const { text } = await oss.call({ bucket: 'photos', method: 'GET', timeMs: nowMs, ...options });
  return leaves(text);
}

describe('a list', () => {
  const entry = (key: string) => [
    `Key=${key}`,
    `LastModified=${time}`,
    'ETag="5D41402ABC4B2A76B9719D911017C592"',
    'Type=Normal',
    'Size=5',
    'StorageClass=Standard',
  ];
  const page = (marker: string[]) => [
    'Name=photos',
    'Prefix=a%2B',
    'MaxKeys=2',
    'Delimiter=%2F',
    'EncodingType=url',
    'IsTruncated=true',
    'Prefix=a%2Bb%2F',
    ...marker,
  ];

  it.each<[string, Record<string, string>, string[]]>([
    [
      'ListObjects',
      { marker: 'a' },
      [...page(['Marker=a', 'NextMarker=a%2Bc']), ...entry('a%2Bc'), ...owner],
    ],
    [
      'ListObjectsV2',
      { 'list-type': '2', 'start-after': 'a', 'fetch-owner': 'true' },
      [...page(['StartAfter=a', 'KeyCount=2', 'NextContinuationToken=YStj']), ...entry('a%2Bc'), ...owner],
    ],
    [
      'ListObjectsV2 without owners',
      { 'list-type': '2' },
      [...page(['StartAfter=', 'KeyCount=2', 'NextContinuationToken=YStj']), ...entry('a%2Bc')],
    ],
    [
      'ListObjectsV2 from a token on',
      { 'list-type': '2', 'continuation-token': 'YQ' },
      [
        ...page(['StartAfter=', 'KeyCount=2', 'ContinuationToken=YQ', 'NextContinuationToken=YStj']),
        ...entry('a%2Bc'),
      ],
    ],
    [
      'ListObjectVersions',
      { versions: '', 'key-marker': 'a', 'version-id-marker': 'null' },
      [
        ...page(['KeyMarker=a', 'VersionIdMarker=null', 'NextKeyMarker=a%2Bc', 'NextVersionIdMarker=null']),
        ...entry('a%2Bc'),
        'VersionId=null',
        'IsLatest=true',
        ...owner,
      ],
    ],
  ])('a list holds all that OSS documents: %s', async (_, query, expected) => {
    const oss = await startOss({ now: () => nowMs });
    for (const key of ['a+b/1', 'a+c', 'a+d', 'b']) {
      await oss.call({ bucket: 'photos', key, method: 'PUT', body: 'hello', timeMs: nowMs });
    }

    const paged = { prefix: 'a+', delimiter: '/', 'max-keys': '2', 'encoding-type': 'url', ...query };

    expect(await list(oss, { query: paged })).toEqual(expected);
  });

  it('a list takes an empty parameter for one that is absent, and tells the type of an object', async () => {
    const oss = await startOss({ now: () => nowMs });
    await oss.call({ ...object, method: 'POST', query: { append: '', position: '0' }, timeMs: nowMs });

    const names = ['max-keys', 'encoding-type', 'continuation-token', 'prefix', 'delimiter', 'start-after'];
    const empty = Object.fromEntries(names.map((name) => [name, '']));
    const found = await list(oss, { query: { 'list-type': '2', ...empty } });

    expect(found).toEqual(
      expect.arrayContaining(['MaxKeys=100', 'KeyCount=1', 'Key=big', 'Type=Appendable']),
    );
    expect(found.join()).not.toMatch(/EncodingType|ContinuationToken/);
  });

  it.each([
    { 'list-type': '1' },
    { 'max-keys': '1.5' },
    { 'max-keys': '1e2' },
    { 'max-keys': '0' },
    { 'max-keys': '1001' },
    { 'encoding-type': 'base64' },
    { 'continuation-token': 'YQ==' },
    { 'continuation-token': '_w' },
  ])('a list is refused with %j', async (query) => {
    const oss = await startOss();

    const options = { bucket: 'photos', method: 'GET', query: { 'list-type': '2', ...query } };

    expect(await oss.call(options)).toMatchObject({ statusCode: 400, code: 'InvalidArgument' });
  });

  it('a list of buckets holds all that OSS documents', async () => {
    const oss = await startOss({ now: () => nowMs, buckets: ['photos', 'prints', 'videos'] });

    const query = { prefix: 'p', 'max-keys': '1' };

    expect(await list(oss, { bucket: '', query })).toEqual([
      ...['Prefix=p', 'Marker=', 'MaxKeys=1', 'NextMarker=photos', 'IsTruncated=true', ...owner],
      `CreationDate=${time}`,
      `ExtranetEndpoint=${oss.url}`,
      `IntranetEndpoint=${oss.url}`,
      'Location=oss-cn-hangzhou',
      'Name=photos',
      'Region=cn-hangzhou',
      'StorageClass=Standard',
    ]);
  });

  it('a list of uploads, and of parts, holds all that OSS documents', async () => {
    const oss = await startOss({ now: () => nowMs });
    const headers = { 'x-oss-storage-class': 'IA' };
    const first = await initiate(oss, { key: 'a+1', headers, timeMs: nowMs });
    for (const key of ['a+2', 'b']) {
      await initiate(oss, { key, timeMs: nowMs });
    }
    const place = { key: 'a+1', timeMs: nowMs, method: 'PUT', body: 'hello' };
    for (const partNumber of ['1', '2']) {
      await oss.call({ ...object, ...place, query: { partNumber, uploadId: first } });
    }

    const paged = { 'encoding-type': 'url', 'max-uploads': '1', prefix: 'a+', 'key-marker': 'a' };
    const uploads = await list(oss, { query: { uploads: '', ...paged } });
    const parts = await list(oss, {
      key: 'a+1',
      query: { uploadId: first, 'encoding-type': 'url', 'max-parts': '1' },
    });

    expect(uploads).toEqual([
      ...['EncodingType=url', 'Bucket=photos', 'KeyMarker=a', 'UploadIdMarker='],
      ...['NextKeyMarker=a%2B1', `NextUploadIdMarker=${first}`, 'Delimiter=', 'Prefix=a%2B'],
      ...['MaxUploads=1', 'IsTruncated=true', 'Key=a%2B1', `UploadId=${first}`, 'StorageClass=IA'],
      `Initiated=${time}`,
    ]);
    expect(parts).toEqual([
      ...['EncodingType=url', 'Bucket=photos', 'Key=a%2B1', `UploadId=${first}`, 'StorageClass=IA'],
      ...['PartNumberMarker=0', 'NextPartNumberMarker=1', 'MaxParts=1', 'IsTruncated=true', 'PartNumber=1'],
      ...[`LastModified=${time}`, 'ETag="5D41402ABC4B2A76B9719D911017C592"'],
      ...['HashCrc64ecma=11177612005948864433', 'Size=5'],
    ]);
  });
});
