import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { element, object, put } from '../text-object.ts';

describe('an object of an archive class', () => {
  const process = { 'x-oss-process': '' };
  const saveAs = `x-oss-process=image/info|sys/saveas,o_${Buffer.from('b').toString('base64url')}`;

  it.each(['Archive', 'ColdArchive', 'DeepColdArchive'])(
    'an object of an archive class is kept and shown, and not read: %s',
    async (name) => {
      const oss = await startOss();
      await put(oss, { 'x-oss-storage-class': name });

      const head = await oss.call({ ...object, method: 'HEAD' });
      const refused = [
        await oss.call({ ...object, method: 'GET' }),
        await oss.call({ ...object, method: 'GET', query: { 'x-oss-process': 'image/info' } }),
        await oss.call({ ...object, method: 'POST', query: process, body: saveAs }),
        await oss.call({
          bucket: 'photos',
          key: 'copy',
          method: 'PUT',
          headers: { 'x-oss-copy-source': '/photos/a.txt' },
        }),
      ];

      expect(head.headers['x-oss-storage-class']).toBe(name);
      for (const { statusCode, code, headers } of refused) {
        expect([statusCode, code, headers['x-oss-ec']]).toEqual([403, 'InvalidObjectState', '0016-00000404']);
      }
    },
  );

  it('a bucket of an archive class makes objects of that class', async () => {
    const oss = await startOss();
    const body =
      '<CreateBucketConfiguration><StorageClass>Archive</StorageClass></CreateBucketConfiguration>';
    await oss.call({ bucket: 'archive', method: 'PUT', body });
    await oss.call({ bucket: 'archive', key: 'a', method: 'PUT', body: 'x' });

    const info = await oss.call({ bucket: 'archive', method: 'GET', query: { bucketInfo: '' } });
    const stat = await oss.call({ bucket: 'archive', method: 'GET', query: { stat: '' } });

    expect(element(info.text, 'StorageClass')).toBe('Archive');
    expect(element(stat.text, 'ArchiveObjectCount')).toBe('1');
  });

  it('a class of a name that OSS does not have is refused', async () => {
    const { statusCode, code } = await put(await startOss(), { 'x-oss-storage-class': 'Cupboard' });

    expect([statusCode, code]).toEqual([400, 'InvalidArgument']);
  });
});
