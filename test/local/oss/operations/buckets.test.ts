import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { object, put } from './signed-object.ts';

describe('a bucket', () => {
  it('a bucket counts what it holds, and lists each object as its only version', async () => {
    const oss = await startOss();
    await oss.call(put());
    await oss.call(put({ key: 'b', headers: { 'x-oss-storage-class': 'IA' } }));

    const stat = await oss.call({ method: 'GET', bucket: 'photos', query: { stat: '' } });
    const versions = await oss.call({
      method: 'GET',
      bucket: 'photos',
      query: { versions: '', 'max-keys': '1' },
    });

    expect(stat.text).toContain('<Storage>10</Storage>');
    expect(stat.text).toContain('<InfrequentAccessObjectCount>1</InfrequentAccessObjectCount>');
    expect(versions.text).toMatch(
      /<NextKeyMarker>a.txt<.*<Type>Normal<.*<VersionId>null<.*<IsLatest>true<.*<Owner>/s,
    );
  });

  it('a bucket, and an object, is listed behind the marker, which the list repeats', async () => {
    const oss = await startOss({ buckets: ['videos', 'photos', 'animals'] });
    await oss.call(put());
    await oss.call(put({ key: 'b' }));
    const list = async (query: Record<string, string>, bucket = '') =>
      (await oss.call({ method: 'GET', bucket, query })).text;

    const first = await list({ 'max-keys': '2', marker: 'a' });
    const second = await list({ marker: 'photos' });
    const objects = await list({ marker: 'a.txt' }, 'photos');

    expect(first).toMatch(/<Marker>a<.*<MaxKeys>2<.*<NextMarker>photos<.*<IsTruncated>true</s);
    expect(second).toMatch(/<IsTruncated>false<.*<Buckets>\s*<Bucket>(?:(?!<Bucket>).)*<Name>videos</s);
    expect(objects).toMatch(/<MaxKeys>100<.*<Marker>a.txt<.*<Contents>\s*<Key>b<.*<Owner>/s);
  });

  it('a bucket passes its storage class on', async () => {
    const oss = await startOss();
    const body = '<CreateBucketConfiguration><StorageClass>IA</StorageClass></CreateBucketConfiguration>';
    await oss.call({ method: 'PUT', bucket: 'cold', body });
    await oss.call(put({ bucket: 'cold' }));

    const info = await oss.call({ method: 'GET', bucket: 'cold', query: { bucketInfo: '' } });
    const head = await oss.call({ ...object, bucket: 'cold', method: 'HEAD' });

    expect(info.text).toContain(`<ExtranetEndpoint>${oss.url}</ExtranetEndpoint>`);
    expect(info.text).toContain('<StorageClass>IA</StorageClass>');
    expect(head.headers['x-oss-storage-class']).toBe('IA');
  });

  it.each(['<CreateBucketConfiguration><StorageClass>IA</StorageClass>', '<Other/>', 'nonsense'])(
    'no bucket is made by a configuration that is none: %s',
    async (body) => {
      const oss = await startOss();

      const answer = await oss.call({ method: 'PUT', bucket: 'cold', body });
      const info = await oss.call({ method: 'GET', bucket: 'cold', query: { bucketInfo: '' } });

      expect([answer.statusCode, answer.text]).toEqual([400, expect.stringContaining('MalformedXML')]);
      expect(info.text).toContain('NoSuchBucket');
    },
  );
});
