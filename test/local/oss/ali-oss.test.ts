import OSS from 'ali-oss';
import { describe, expect, it } from 'vitest';
import { hostileKeys } from './hostile-keys.ts';
import { type RunningOss, startOss } from './running-oss.ts';

function clientOf(oss: RunningOss, credentials: Partial<OSS.Options> = {}): OSS {
  // Not in the published types of the client, though its documentation has it.
  const options: OSS.Options & { authorizationV4: boolean } = {
    accessKeyId: 'local',
    accessKeySecret: 'local-secret',
    bucket: 'photos',
    region: 'oss-cn-hangzhou',
    endpoint: `http://127.0.0.1:${oss.port}`,
    authorizationV4: true,
    ...credentials,
  };
  return new OSS(options);
}

describe('the official Node client', () => {
  it('puts, reads and deletes objects', async () => {
    const client = clientOf(await startOss());

    await client.put('dir/a.txt', Buffer.from('hello'), { meta: { uid: 1, pid: 2 }, mime: 'text/x-hello' });
    const head = await client.head('dir/a.txt');
    const { content } = await client.get('dir/a.txt');
    const meta = await client.getObjectMeta('dir/a.txt');
    await client.delete('dir/a.txt');

    expect(head.meta).toEqual({ uid: '1', pid: '2' });
    expect(String(content)).toBe('hello');
    expect(meta.res.headers).toMatchObject({
      'content-length': '5',
      etag: '"5D41402ABC4B2A76B9719D911017C592"',
    });
    await expect(client.head('dir/a.txt')).rejects.toMatchObject({ code: 'NoSuchKey', status: 404 });
  });

  it('uses temporary credentials', async () => {
    const oss = await startOss();
    const { accessKeyId, accessKeySecret, securityToken } = oss.issueToken({ roleName: 'resizer' });
    const client = clientOf(oss, { accessKeyId, accessKeySecret, stsToken: securityToken });

    expect((await client.put('a', Buffer.from('x'))).res.status).toBe(200);
  });

  // The client itself strips leading slashes and, through its URL, collapses `.` and `..`.
  it.each(hostileKeys.filter((key) => !/(^|\/)\.\.?(\/|$)/.test(key)))(
    'takes %j through its hands',
    async (key) => {
      const client = clientOf(await startOss());

      await client.put(key, Buffer.from(key));
      const { content } = await client.get(key);
      const listed = await client.listV2({ 'encoding-type': 'url', 'max-keys': '10' }, {});

      expect(String(content)).toBe(key);
      expect(listed.objects.map(({ name }) => decodeURIComponent(name))).toEqual([key]);
    },
  );

  it('walks listings page by page, in both versions', async () => {
    const client = clientOf(await startOss());
    for (const key of ['a/1', 'a/2', 'b', 'c/1', 'd']) await client.put(key, Buffer.from(key));
    const v1: string[] = [];
    const v2: string[] = [];

    let marker: string | undefined;
    do {
      // The client signs an empty value as `marker=`, where the description of V4 has the bare name.
      const from = marker === undefined ? {} : { marker };
      const page = await client.list({ delimiter: '/', 'max-keys': 2, ...from }, {});
      v1.push(...[...(page.objects ?? []).map(({ name }) => name), ...(page.prefixes ?? [])].sort());
      marker = page.nextMarker ?? undefined;
    } while (marker !== undefined);
    let token: string | undefined;
    do {
      const query = {
        delimiter: '/',
        'max-keys': '2',
        ...(token === undefined ? {} : { 'continuation-token': token }),
      };
      const page = await client.listV2(query, {});
      v2.push(...[...(page.objects ?? []).map(({ name }) => name), ...(page.prefixes ?? [])].sort());
      token = page.nextContinuationToken ?? undefined;
    } while (token !== undefined);

    expect(v1).toEqual(['a/', 'b', 'c/', 'd']);
    expect(v2).toEqual(['a/', 'b', 'c/', 'd']);
  });

  it('makes, describes, lists and deletes buckets', async () => {
    const client = clientOf(await startOss());

    await client.putBucket('videos');
    client.useBucket('videos');
    await client.put('a', Buffer.from('x'));
    const { buckets } = await client.listBuckets({});
    const { bucket } = await client.getBucketInfo('videos');

    expect(buckets.map(({ name }: { name: string }) => name)).toEqual(['photos', 'videos']);
    expect(bucket).toMatchObject({ Name: 'videos', Location: 'oss-cn-hangzhou' });
    await expect(client.deleteBucket('videos')).rejects.toMatchObject({
      code: 'BucketNotEmpty',
      status: 409,
    });
    await client.delete('a');
    await client.deleteBucket('videos');
    await expect(client.list({ 'max-keys': 1 }, {})).rejects.toMatchObject({ code: 'NoSuchBucket' });
  });

  it('saves a processed picture, and reads one', async () => {
    const client = clientOf(await startOss());
    await client.put('照片 +%.jpg', Buffer.from('pixels'));

    await client.processObjectSave('照片 +%.jpg', '小图 +%.webp', 'image/resize,w_9', 'photos');
    const saved = await client.get('小图 +%.webp');
    const viewed = await client.get('照片 +%.jpg', { process: 'image/resize,w_8' });

    expect(String(saved.content)).toBe('image/resize,w_9(pixels)');
    expect(String(viewed.content)).toBe('image/resize,w_8(pixels)');
  });
});
