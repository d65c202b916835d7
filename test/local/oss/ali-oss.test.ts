import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { hostileKeys } from '../../fixtures/hostile-keys.ts';
import { aliClient as clientOf } from './ali-client.ts';
import { startOss, temporaryDir } from './running-oss.ts';

const versions = [
  ['V4', { authorizationV4: true }],
  ['V1', { authorizationV4: false }],
] as const;
const eventsOf = (oss: { events: { eventName: string }[] }) => oss.events.map(({ eventName }) => eventName);

describe.each(versions)('the official Node client, signing by %s,', (_, signing) => {
  it('the official client puts, reads and deletes objects', async () => {
    const client = clientOf(await startOss(), signing);

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

  it('the official client uses temporary credentials', async () => {
    const oss = await startOss();
    const { accessKeyId, accessKeySecret, securityToken } = oss.issueToken({ roleName: 'resizer' });
    const client = clientOf(oss, { ...signing, accessKeyId, accessKeySecret, stsToken: securityToken });

    expect((await client.put('a', Buffer.from('x'))).res.status).toBe(200);
  });

  // The client itself strips leading slashes and, through its URL, collapses `.` and `..`.
  it.each(hostileKeys.filter((key) => !/(^|\/)\.\.?(\/|$)/.test(key)))(
    'the official client puts, reads and deletes the key %j',
    async (key) => {
      const client = clientOf(await startOss(), signing);

      await client.put(key, Buffer.from(key));
      await client.copy('copy', key);
      const { content } = await client.get(key);
      const listed = await client.listV2({ 'encoding-type': 'url', 'max-keys': '10' }, {});
      const { deleted } = await client.deleteMulti([key, 'copy']);

      expect(String(content)).toBe(key);
      expect(listed.objects?.map(({ name }) => decodeURIComponent(name))).toContain(key);
      expect(deleted.map(({ Key }) => Key)).toContain(key);
    },
  );

  it('the official client walks listings page by page, in both versions, from an empty marker on', async () => {
    const client = clientOf(await startOss(), signing);
    for (const key of ['a/1', 'a/2', 'b', 'c/1', 'd']) {
      await client.put(key, Buffer.from(key));
    }
    const v1: string[] = [];
    const v2: string[] = [];

    for (let marker: string | null = ''; marker !== null; ) {
      const page = await client.list({ delimiter: '/', 'max-keys': 2, marker }, {});
      v1.push(...[...(page.objects ?? []).map(({ name }) => name), ...(page.prefixes ?? [])].sort());
      marker = page.nextMarker;
    }
    for (let token: string | null = ''; token !== null; ) {
      const page = await client.listV2({ delimiter: '/', 'max-keys': '2', 'continuation-token': token });
      v2.push(...[...(page.objects ?? []).map(({ name }) => name), ...(page.prefixes ?? [])].sort());
      token = page.nextContinuationToken;
    }

    expect(v1).toEqual(['a/', 'b', 'c/', 'd']);
    expect(v2).toEqual(['a/', 'b', 'c/', 'd']);
  });

  it('the official client makes, describes, lists and deletes buckets', async () => {
    const client = clientOf(await startOss(), signing);

    await client.putBucket('videos');
    client.useBucket('videos');
    await client.put('a', Buffer.from('x'));
    await client.putBucketACL('videos', 'public-read');
    const { buckets } = await client.listBuckets({});
    const { bucket } = await client.getBucketInfo('videos');

    expect(buckets.map(({ name }) => name)).toEqual(['photos', 'videos']);
    expect(bucket).toMatchObject({ Name: 'videos', Location: 'oss-cn-hangzhou' });
    expect(await client.getBucketACL('videos')).toMatchObject({ acl: 'public-read' });
    await expect(client.deleteBucket('videos')).rejects.toMatchObject({ code: 'BucketNotEmpty' });
    await client.delete('a');
    await client.deleteBucket('videos');
    await expect(client.list({ 'max-keys': 1 }, {})).rejects.toMatchObject({ code: 'NoSuchBucket' });
  });

  it('the official client saves a processed picture, and reads one', async () => {
    const client = clientOf(await startOss(), signing);
    await client.put('照片 +%.jpg', Buffer.from('pixels'));

    await client.processObjectSave('照片 +%.jpg', '小图 +%.webp', 'image/resize,w_9', 'photos');
    const saved = await client.get('小图 +%.webp');
    const viewed = await client.get('照片 +%.jpg', { process: 'image/resize,w_8' });

    expect(String(saved.content)).toBe('image/resize,w_9(pixels)');
    expect(String(viewed.content)).toBe('image/resize,w_8(pixels)');
  });

  it('the official client copies, with the metadata of the source or its own', async () => {
    const oss = await startOss();
    const client = clientOf(oss, signing);
    await client.put('源 a.txt', Buffer.from('hello'), {
      mime: 'text/x-a',
      meta: { by: 'me' },
      headers: { 'x-oss-tagging': 'a=1&b=2' },
    });

    await client.copy('b.txt', '源 a.txt');
    await client.copy('c.txt', '源 a.txt', {
      meta: { by: 'you' },
      headers: { 'x-oss-tagging-directive': 'Replace' },
    });
    await client.putMeta('源 a.txt', { by: 'them' });

    const [b, c, a] = [await client.head('b.txt'), await client.head('c.txt'), await client.head('源 a.txt')];
    expect([b.meta, c.meta, a.meta]).toEqual([{ by: 'me' }, { by: 'you' }, { by: 'them' }]);
    expect(b.res.headers).toMatchObject({ 'content-type': 'text/x-a', 'x-oss-tagging-count': '2' });
    expect(c.res.headers).not.toHaveProperty('x-oss-tagging-count');
    expect(await client.getObjectTagging('b.txt')).toMatchObject({ tag: { a: '1', b: '2' } });
    expect(eventsOf(oss).slice(1)).toEqual(Array.from({ length: 3 }, () => 'ObjectCreated:CopyObject'));
  });

  it('the official client appends', async () => {
    const oss = await startOss();
    const client = clientOf(oss, signing);

    const first = await client.append('log', Buffer.from('hello'), {
      mime: 'text/x-log',
      meta: { by: 'me' },
    });
    await client.append('log', Buffer.from(' world'), { position: first.nextAppendPosition });
    const { content, res } = await client.get('log');

    expect([first.nextAppendPosition, String(content)]).toEqual(['5', 'hello world']);
    expect(res.headers).toMatchObject({
      'content-type': 'text/x-log',
      'x-oss-meta-by': 'me',
      'x-oss-object-type': 'Appendable',
      'x-oss-next-append-position': '11',
      'x-oss-hash-crc64ecma': '5981764153023615706',
    });
    await expect(client.append('log', Buffer.from('!'), { position: 5 })).rejects.toMatchObject({
      code: 'PositionNotEqualToLength',
      status: 409,
    });
    expect(eventsOf(oss)).toEqual(['ObjectCreated:AppendObject', 'ObjectCreated:AppendObject']);
    expect(oss.events[1]?.oss.object).toMatchObject({ size: 11, deltaSize: 6 });
  });

  it('uploads a file in parts, from a file and from another object', async () => {
    const oss = await startOss();
    const client = clientOf(oss, signing);
    const file = join(await temporaryDir(), 'file');
    const body = randomBytes(250 * 1024);
    await writeFile(file, body);
    await client.put('source', body);

    const { uploadId } = await client.initMultipartUpload('big 大', { mime: 'image/x-big' });
    const one = await client.uploadPart('big 大', uploadId, 1, file, 0, 150 * 1024);
    const source = { sourceKey: 'source', sourceBucketName: 'photos' };
    await client.uploadPartCopy('big 大', uploadId, 2, `${150 * 1024}-${250 * 1024 - 1}`, source);
    const { parts } = await client.listParts('big 大', uploadId, {});
    const { uploads } = await client.listUploads({ 'max-uploads': 10 });
    const etags = [one.etag, parts[1]?.ETag ?? ''];
    await client.completeMultipartUpload(
      'big 大',
      uploadId,
      etags.map((etag, index) => ({ number: index + 1, etag })),
    );
    const { content, res } = await client.get('big 大');

    expect(content.equals(body)).toBe(true);
    expect(parts.map(({ Size }) => Number(Size))).toEqual([150 * 1024, 100 * 1024]);
    expect(uploads).toMatchObject([{ name: 'big 大', uploadId }]);
    expect(res.headers).toMatchObject({ 'content-type': 'image/x-big', 'x-oss-object-type': 'Multipart' });
    expect(res.headers.etag).toMatch(/^"[0-9A-F]{32}-2"$/);
    expect(res.headers['x-oss-hash-crc64ecma']).toBe(
      (await client.head('source')).res.headers['x-oss-hash-crc64ecma'],
    );
    expect(eventsOf(oss).slice(1)).toEqual([
      'ObjectCreated:InitiateMultipartUpload',
      'ObjectCreated:UploadPart',
      'ObjectCreated:UploadPartCopy',
      'ObjectCreated:CompleteMultipartUpload',
    ]);
    expect((await client.listUploads({})).uploads).toEqual([]);
  });

  it('uploads in parts by itself, and aborts', async () => {
    const oss = await startOss();
    const client = clientOf(oss, signing);
    const file = join(await temporaryDir(), 'file');
    await writeFile(file, Buffer.alloc(500 * 1024, 'x'));

    await client.multipartUpload('big', file, { partSize: 100 * 1024 });
    const { uploadId } = await client.initMultipartUpload('other');
    await client.abortMultipartUpload('other', uploadId);

    expect((await client.head('big')).res.headers['content-length']).toBe(String(500 * 1024));
    await expect(client.listParts('other', uploadId, {})).rejects.toMatchObject({ code: 'NoSuchUpload' });
    expect(eventsOf(oss).at(-1)).toBe('ObjectRemoved:AbortMultipartUpload');
  });

  it('the official client deletes many at once', async () => {
    const oss = await startOss();
    const client = clientOf(oss, signing);
    for (const key of ['a', 'b & <c>']) {
      await client.put(key, Buffer.from('x'));
    }

    const loud = await client.deleteMulti(['a', 'gone']);
    const quiet = await client.deleteMulti(['b & <c>'], { quiet: true });

    expect([loud.deleted, quiet.deleted]).toEqual([[{ Key: 'a' }, { Key: 'gone' }], []]);
    expect(eventsOf(oss).slice(2)).toEqual(['ObjectRemoved:DeleteObjects', 'ObjectRemoved:DeleteObjects']);
  });

  it('tags objects, sets their ACL, links to them', async () => {
    const oss = await startOss();
    const client = clientOf(oss, signing);
    await client.put('目标 +.txt', Buffer.from('hello'));
    const before = await client.head('目标 +.txt');

    await client.putObjectTagging('目标 +.txt', { 'a b': '1', c: 'd:e' });
    await client.putACL('目标 +.txt', 'public-read');
    await client.putSymlink('link', '目标 +.txt');

    expect(await client.getObjectTagging('目标 +.txt')).toMatchObject({ tag: { 'a b': '1', c: 'd:e' } });
    expect(await client.getACL('目标 +.txt')).toMatchObject({ acl: 'public-read' });
    expect(await client.getSymlink('link')).toMatchObject({ targetName: '目标 +.txt' });
    expect(String((await client.get('link')).content)).toBe('hello');
    expect((await client.head('link')).res.headers).toMatchObject({
      'content-length': '5',
      'x-oss-object-type': 'Symlink',
    });
    expect(eventsOf(oss).at(-1)).toBe('ObjectCreated:PutSymlink');
    await client.deleteObjectTagging('目标 +.txt');
    const after = await client.head('目标 +.txt');
    expect(after.res.headers).toMatchObject({
      etag: before.res.headers.etag,
      'last-modified': before.res.headers['last-modified'],
    });
    expect(after.res.headers).not.toHaveProperty('x-oss-tagging-count');
  });

  it('the official client asks on conditions', async () => {
    const client = clientOf(await startOss(), signing);
    const { res } = await client.put('a', Buffer.from('hello'));
    const headers = { 'If-None-Match': res.headers.etag ?? '' };

    expect((await client.get('a', { headers: { 'If-Match': res.headers.etag ?? '' } })).res.status).toBe(200);
    expect((await client.get('a', { headers })).res.status).toBe(304);
    await expect(client.get('a', { headers: { 'If-Match': '"other"' } })).rejects.toMatchObject({
      code: 'PreconditionFailed',
      status: 412,
    });
    await expect(
      client.put('a', Buffer.from('x'), { headers: { 'x-oss-forbid-overwrite': 'true' } }),
    ).rejects.toMatchObject({ code: 'FileAlreadyExists', status: 409 });
  });

  it('the official client streams without knowing the length', async () => {
    const client = clientOf(await startOss(), signing);

    await client.put('a', Readable.from([Buffer.from('hel'), Buffer.from('lo')]));

    expect(String((await client.get('a')).content)).toBe('hello');
  });
});
