import { describe, expect, it } from 'vitest';
import { startWorkbench } from '../faults/workbench.ts';
import { rulesOf, startLife } from './bench.ts';

// The picture that is made says its style and its source, and so has more bytes than the source: `image/resize,w_10(…)`.
const sizeBytes = (source: string) => `image/resize,w_10(${source})`.length;

describe('an output with skipLarger', () => {
  it('an output with skipLarger is deleted again where it has more bytes than its source, which stays', async () => {
    const { oss, upload, invoke, read } = await startLife({ skipLarger: true });

    const { report, calls } = await invoke(await upload('uploads/a', 'small'));

    expect(report).toMatchObject({ saved: 0, skipped: 1, failed: 0 });
    expect(report.results).toMatchObject([
      { status: 'skipped', reason: 'larger-than-source', rule: 'thumbnail', target: { key: 'derived/a' } },
    ]);
    expect(await read('derived/a')).toBeUndefined();
    expect(await read('uploads/a')).toBe('small');
    expect(oss.events.map(({ eventName }) => eventName)).toEqual([
      'ObjectCreated:PutObject',
      'ObjectRemoved:DeleteObject',
    ]);
    // Both are looked at once more before it is deleted: a newer upload may have made a smaller one, or be larger.
    expect(calls).toBe(4);
  });

  it.each([{}, { headers: { Expires: '0' } }])(
    'an output with skipLarger and %j is kept where a late event tells of an older, smaller source than the one that is there',
    async (more) => {
      const image = { body: Buffer.alloc(50), contentType: 'image/webp' };
      const { upload, setFaults, invoke, read } = await startWorkbench({
        rules: rulesOf({ skipLarger: true, ...more }),
        oss: { processImage: async () => image },
      });
      const older = await upload('uploads/a', 'small');
      await setFaults({ rules: [{ fault: 'InternalError' }] });
      const failed = await invoke(older);
      await setFaults({});
      const newer = await invoke(await upload('uploads/a', 'large'.repeat(100)));

      const late = await invoke(older);

      expect([failed.report.failed, newer.report.saved, late.report.saved]).toEqual([1, 1, 1]);
      expect(await read('derived/a')).toHaveLength(50);
    },
  );

  it.each([-1, 0])(
    'an output with skipLarger is kept where it has %i bytes more, for a single call',
    async (difference) => {
      const { oss, invoke, read, processed } = await startLife({ skipLarger: true });
      await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a', body: 'small' });
      const event = JSON.parse(JSON.stringify(oss.events[0]));
      event.oss.object.size = sizeBytes('small') - difference;

      const { report, calls } = await invoke({ events: [event] });

      expect(report.results).toMatchObject([{ status: 'saved', sizeBytes: sizeBytes('small') }]);
      expect(await read('derived/a')).toBe('image/resize,w_10(small)');
      expect([processed.length, calls]).toEqual([1, 1]);
    },
  );

  it('an output with skipLarger is measured against the source that OSS has where the event tells no size', async () => {
    const { oss, invoke, read } = await startLife({ skipLarger: true });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a', body: 'small' });

    const { report } = await invoke({ bucket: 'photos', key: 'uploads/a' });

    expect(report.results).toMatchObject([{ status: 'skipped', reason: 'larger-than-source' }]);
    expect(await read('derived/a')).toBeUndefined();
  });

  it('an output with skipLarger is deleted without another process by a repetition in the same instance, where the deletion failed', async () => {
    const { upload, setFaults, invoke, read, processed, credentials } = await startLife({ skipLarger: true });
    const event = await upload('uploads/a', 'small');
    await setFaults({ rules: [{ fault: 'AccessDenied', operation: 'DeleteObject' }] });

    const first = await invoke(event, credentials, 'FC-1');
    await setFaults({});
    const second = await invoke(event, credentials, 'FC-1');

    expect(first.report.results).toMatchObject([{ status: 'failed', code: 'AccessDenied', isSaved: true }]);
    expect(second.report.results).toMatchObject([{ status: 'skipped', reason: 'larger-than-source' }]);
    expect(await read('derived/a')).toBeUndefined();
    expect(processed).toHaveLength(1);
  });

  it('an output with skipLarger is deleted by a repetition although another instance made it again in between', async () => {
    const { oss, setFaults, invoke, read, credentials } = await startLife({ skipLarger: true });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a', body: 'small' });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/b', body: 'small' });
    const event = { events: oss.events.splice(0) };
    await setFaults({ rules: [{ fault: 'AccessDenied', operation: 'ProcessObject', key: 'uploads/b' }] });
    const first = await invoke(event, credentials, 'FC-1');
    await setFaults({ rules: [{ fault: 'AccessDenied', operation: 'DeleteObject' }] });
    const other = await invoke(event, credentials, 'FC-2');
    await setFaults({});

    const last = await invoke(event, credentials, 'FC-1');

    expect([first, other, last].map(({ report }) => report.failed)).toEqual([1, 2, 0]);
    expect([await read('derived/a'), await read('derived/b')]).toEqual([undefined, undefined]);
  });

  it('an output with skipLarger is not given headers first where it is too large', async () => {
    const { oss, upload, invoke } = await startLife({ skipLarger: true, headers: { Expires: '0' } });

    await invoke(await upload('uploads/a', 'small'));

    expect(oss.events.map(({ eventName }) => eventName)).not.toContain('ObjectCreated:CopyObject');
  });
});
