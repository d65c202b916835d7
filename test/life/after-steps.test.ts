import { describe, expect, it } from 'vitest';
import { startWorkbench } from '../faults/workbench.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { aliClient } from '../local/oss/ali-client.ts';

const rulesOf = (more: object) => ({
  rules: [
    {
      name: 'thumbnail',
      match: { key: 'uploads/**' },
      outputs: [{ style: 'image/resize,w_10', target: { key: 'derived/{base}' }, ...more }],
    },
  ],
});

/** The function before a local OSS, by one output that asks for `more`, and the official client. */
async function start(more: object, oss = {}) {
  const workbench = await startWorkbench({ rules: rulesOf(more), oss });
  return { ...workbench, client: aliClient(workbench.oss) };
}

describe('an output, once it is saved,', () => {
  it('an output, once it is saved, gets the headers that its rule asks for, and keeps its content type', async () => {
    const { upload, invoke, client } = await start({
      headers: {
        'Cache-Control': 'public, max-age=31536000',
        'content-disposition': 'inline',
        'Content-Language': 'zh-CN',
        Expires: 'Thu, 26 Nov 2099 00:00:00 GMT',
        'x-oss-meta-by': 'saveas',
      },
    });

    const { report } = await invoke(await upload('uploads/a', 'a picture'));
    const { res, meta } = await client.head('derived/a');

    expect(report.results).toMatchObject([{ status: 'saved', target: { key: 'derived/a' }, attempts: 1 }]);
    expect(res.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000',
      'content-disposition': 'inline',
      'content-language': 'zh-CN',
      'content-type': 'image/webp',
      expires: 'Thu, 26 Nov 2099 00:00:00 GMT',
    });
    expect(meta).toMatchObject({ by: 'saveas' });
    expect(String((await client.get('derived/a')).content)).toBe('image/resize,w_10(a picture)');
  });

  it('an output, once it is saved, gets the content type that its rule asks for', async () => {
    const { upload, invoke, client } = await start({ headers: { 'Content-Type': 'image/x-own' } });

    await invoke(await upload('uploads/a', 'a picture'));

    expect((await client.head('derived/a')).res.headers).toMatchObject({ 'content-type': 'image/x-own' });
  });

  it('an output, once it is saved, gets its tags, whatever script and signs they are written in', async () => {
    const tags = { kind: 'thumbnail', 项目: '猫 和 狗', 'a+b=c/d': '1 + 1 = 2', empty: '' };
    const { upload, invoke, client } = await start({ tags });

    await invoke(await upload('uploads/a', 'a picture'));

    expect((await client.getObjectTagging('derived/a')).tag).toEqual(tags);
  });

  it.each(['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'])(
    'an output, once it is saved, gets the storage class %s',
    async (storageClass) => {
      const { upload, invoke, client } = await start({ storageClass });

      const { report } = await invoke(await upload('uploads/a', 'a picture'));

      expect(report).toMatchObject({ saved: 1, failed: 0 });
      const { res } = await client.head('derived/a');
      expect(res.headers).toMatchObject({
        'x-oss-storage-class': storageClass,
        'content-type': 'image/webp',
      });
    },
  );

  it.each(['default', 'private', 'public-read', 'public-read-write'])(
    'an output, once it is saved, gets the ACL %s',
    async (acl) => {
      const { upload, invoke, client } = await start({ acl });

      await invoke(await upload('uploads/a', 'a picture'));

      expect((await client.getACL('derived/a')).acl).toBe(acl);
    },
  );

  it('an output, once it is saved, gets all of it by a single copy, which raises one more event of the same object', async () => {
    const { oss, upload, invoke } = await start({
      ...{ headers: { Expires: '0' }, tags: { a: 'b' }, storageClass: 'IA', acl: 'private' },
    });

    const { calls } = await invoke(await upload('uploads/a', 'a picture'));

    expect(oss.events.map(({ eventName }) => eventName)).toEqual([
      'ObjectCreated:PutObject',
      'ObjectCreated:CopyObject',
    ]);
    expect(oss.events.map((event) => event.oss.object.key)).toEqual(['derived/a', 'derived/a']);
    // The target is looked at before and after it is made.
    expect(calls).toBe(4);
  });

  it.each(hostileKeys)('an output, once it is saved, is copied onto itself under the key %j', async (key) => {
    const { oss, invoke } = await start({
      headers: { 'Cache-Control': 'no-cache' },
      target: { key: 'd/{key}' },
    });
    const source = `uploads/${key}`.slice(0, key.length > 300 ? -'uploads/d/'.length : undefined);
    await oss.call({ method: 'PUT', bucket: 'photos', key: source, body: 'a picture' });

    const { report } = await invoke({ events: oss.events.splice(0) });

    expect(report).toMatchObject({ saved: 1, failed: 0 });
    const { headers } = await oss.call({ method: 'HEAD', bucket: 'photos', key: `d/${source}` });
    expect(headers).toMatchObject({ 'cache-control': 'no-cache' });
  });
});
