import { describe, expect, it } from 'vitest';
import { startLife } from './bench.ts';

const headers = { 'Cache-Control': 'no-cache' };
const failing = (operation: string) => ({ rules: [{ fault: 'AccessDenied', operation }] });

describe('a repetition, where a step after the save failed,', () => {
  it.each([
    ['in the same instance', 'FC-1'],
    ['in another instance', 'FC-2'],
  ])(
    'a repetition, where a step after the save failed, does that step %s, and does not process again',
    async (_, requestId) => {
      const { upload, setFaults, invoke, processed, client, credentials } = await startLife({ headers });
      const event = await upload('uploads/a', 'a picture');
      await setFaults(failing('CopyObject'));

      const first = await invoke(event, credentials, 'FC-1');
      await setFaults({});
      const second = await invoke(event, credentials, requestId);

      expect(first.error?.message).toContain('1 failed (0 for good, 1 to be tried again)');
      expect(first.report.results).toMatchObject([
        {
          status: 'failed',
          kind: 'transient',
          code: 'AccessDenied',
          isSaved: true,
          requestId: expect.any(String),
        },
      ]);
      expect(second.report.results).toMatchObject([{ status: 'saved', target: { key: 'derived/a' } }]);
      expect(processed).toHaveLength(1);
      expect((await client.head('derived/a')).res.headers).toMatchObject({ 'cache-control': 'no-cache' });
    },
  );

  it('a repetition, where a step after the save failed, does that step alone also for an object that a person named, in the same instance', async () => {
    const { upload, setFaults, invoke, processed, credentials } = await startLife({ headers });
    await upload('uploads/a', 'a picture');
    const asked = { bucket: 'photos', key: 'uploads/a' };
    await setFaults(failing('CopyObject'));
    await invoke(asked, credentials, 'FC-1');
    await setFaults({});

    expect((await invoke(asked, credentials, 'FC-1')).report.saved).toBe(1);

    expect(processed).toHaveLength(1);
  });

  it('a repetition, where a step after the save failed, does that step for an object that a person named, although another instance made it last', async () => {
    const { oss, setFaults, invoke, processed, client, credentials } = await startLife({ headers });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a', body: 'one' });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/b', body: 'two' });
    const asked = { bucket: 'photos', keys: ['uploads/a', 'uploads/b'] };
    await setFaults({ rules: [{ fault: 'AccessDenied', operation: 'ProcessObject', key: 'uploads/b' }] });
    await invoke(asked, credentials, 'FC-1');
    await setFaults(failing('CopyObject'));
    await invoke(asked, credentials, 'FC-2');
    await setFaults({});

    expect((await invoke(asked, credentials, 'FC-1')).report.failed).toBe(0);

    for (const key of ['derived/a', 'derived/b']) {
      expect((await client.head(key)).res.headers).toMatchObject({ 'cache-control': 'no-cache' });
    }
    expect(processed).toHaveLength(4);
  });

  it('a repetition, where a step after the save failed, processes again where the target has been deleted meanwhile', async () => {
    const { upload, setFaults, invoke, processed, client, credentials } = await startLife({ headers });
    const event = await upload('uploads/a', 'a picture');
    await setFaults(failing('CopyObject'));
    await invoke(event, credentials, 'FC-1');
    await setFaults({});
    await client.delete('derived/a');

    expect((await invoke(event, credentials, 'FC-1')).report.saved).toBe(1);

    expect(processed).toHaveLength(2);
  });

  it('a repetition, where a step after the save failed, takes a copy for made whose answer was lost, although what is archived cannot be copied twice', async () => {
    const { upload, setFaults, invoke, processed, client } = await startLife({ storageClass: 'Archive' });
    const event = await upload('uploads/a', 'a picture');
    await setFaults({ rules: [{ fault: 'DropAfter', operation: 'CopyObject', count: 1 }] });

    const { report } = await invoke(event);

    expect(report).toMatchObject({ saved: 1, failed: 0 });
    expect(processed).toHaveLength(1);
    const { res } = await client.head('derived/a');
    expect(res.headers).toMatchObject({ 'x-oss-storage-class': 'Archive' });
    await expect(client.get('derived/a')).rejects.toMatchObject({ code: 'InvalidObjectState' });
  });

  it('a repetition, where a step after the save failed, goes on failing, without processing, where the bucket archives what is saved', async () => {
    const { oss, upload, invoke, processed } = await startLife({
      headers,
      target: { bucket: 'cellar', key: '{base}' },
    });
    const body =
      '<CreateBucketConfiguration><StorageClass>Archive</StorageClass></CreateBucketConfiguration>';
    await oss.call({ method: 'PUT', bucket: 'cellar', body });
    const event = await upload('uploads/a', 'a picture');

    const ends = [await invoke(event), await invoke(event)];

    expect(ends.map(({ report }) => report.results)).toMatchObject(
      Array(2).fill([{ status: 'failed', kind: 'transient', code: 'archived', isSaved: true }]),
    );
    expect(processed).toHaveLength(1);
  });
});

describe('an event that comes twice', () => {
  it('an event that comes twice is answered by one look at a target that is complete', async () => {
    const { upload, invoke, processed } = await startLife({ headers, tags: { a: 'b' }, acl: 'private' });
    const event = await upload('uploads/a', 'a picture');
    await invoke(event);

    const { report, calls } = await invoke(event);

    expect(report.results).toMatchObject([{ status: 'skipped', reason: 'already-saved' }]);
    expect([processed.length, calls]).toEqual([1, 1]);
  });

  it('an event that comes twice makes an output anew that a person asks for, complete as it is', async () => {
    const { upload, invoke, processed, client } = await startLife({ headers });
    await invoke(await upload('uploads/a', 'a picture'));
    const eTag = JSON.parse((await client.head('uploads/a')).res.headers.etag ?? '');

    await invoke({ bucket: 'photos', key: 'uploads/a', lastModified: '2026-03-11T06:21:35Z', eTag });

    expect(processed).toHaveLength(2);
  });
});

describe('a newer upload', () => {
  it('a newer upload is processed, although a target is there that is complete and was saved since', async () => {
    const { upload, invoke, read, processed } = await startLife({ headers });
    const older = await upload('uploads/a', 'older');
    const newer = await upload('uploads/a', 'newer');
    await invoke(older);

    const { report } = await invoke(newer);

    expect([report.saved, processed.length]).toEqual([1, 2]);
    expect(await read('derived/a')).toBe('image/resize,w_10(newer)');
  });

  it('a newer upload is processed although a target was saved since, where the source is checked and no mark tells of which one', async () => {
    const { upload, setFaults, invoke, processed } = await startLife({ headers, checkSource: true });
    const older = await upload('uploads/a', 'a picture');
    const newer = await upload('uploads/a', 'another');
    await setFaults(failing('CopyObject'));
    await invoke(older);
    await setFaults({});
    const before = processed.length;

    await invoke(newer);

    expect(processed.length).toBe(before + 1);
  });
});

describe.each(['missing', 'stale'])('an output with refresh: %s', (refresh) => {
  const kept = refresh === 'missing' ? 'target-exists' : 'up-to-date';

  it(`an output with refresh: ${refresh} is not taken for done while a step after its save is missing: that step alone is made up for`, async () => {
    const { upload, setFaults, invoke, processed, client } = await startLife({ headers, refresh });
    await upload('uploads/a', 'a picture');
    const asked = {
      bucket: 'photos',
      key: 'uploads/a',
      lastModified: '2020-01-01T00:00:00Z',
      size: 9,
      eTag: 'E',
    };
    await setFaults(failing('CopyObject'));
    await invoke(asked);
    await setFaults({});

    const second = await invoke(asked);
    const third = await invoke(asked);

    expect(second.report.results).toMatchObject([{ status: 'saved' }]);
    expect(third.report.results).toMatchObject([{ status: 'skipped', reason: kept }]);
    expect(processed).toHaveLength(1);
    expect((await client.head('derived/a')).res.headers).toMatchObject({ 'cache-control': 'no-cache' });
  });
});
