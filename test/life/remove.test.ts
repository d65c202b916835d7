import { describe, expect, it } from 'vitest';
import { startWorkbench } from '../faults/workbench.ts';
import { madeOf, readAll, removeAll, start, targets, thumbnail } from './remove-fixture.ts';

describe('the targets of a source that was deleted', () => {
  it('the targets of a source that was deleted are deleted, each of them and nothing else', async () => {
    const workbench = await start();
    await workbench.upload('derived/uploads/a-30', 'of another');
    const { report, calls } = await workbench.invoke(await removeAll(workbench, 'uploads/a'));

    expect(report).toMatchObject({ saved: 0, removed: 2, skipped: 0, failed: 0 });
    expect(report.results).toMatchObject(
      targets.map((key) => ({
        status: 'removed',
        rule: 'thumbnail',
        source: { key: 'uploads/a' },
        target: { key },
      })),
    );
    expect(calls).toBe(6);
    expect(await readAll(workbench, [...targets, 'derived/uploads/a-30'])).toEqual([
      undefined,
      undefined,
      'of another',
    ]);
  });

  it('the targets of a source that was deleted are logged like all that the function does', async () => {
    const workbench = await start();
    await workbench.invoke(await removeAll(workbench, 'uploads/a'));

    const line = workbench.lines.find((text) => text.includes('output removed')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ key: 'uploads/a', targetKey: 'derived/uploads/a-10' });
  });

  it.each([
    ['DeleteObject', 'ObjectRemoved:DeleteObject'],
    ['DeleteObjects', 'ObjectRemoved:DeleteObjects'],
    ['the replication of a deletion', 'ObjectReplication:ObjectRemoved'],
    ['what OSS may name one day', 'ObjectRemoved:ExpireObject'],
  ])('the targets of a source that was deleted are deleted after %s', async (_, eventName) => {
    const workbench = await start();
    await removeAll(workbench, 'uploads/a');

    const record = { eventName, oss: { bucket: { name: 'photos' }, object: { key: 'uploads/a' } } };
    const { report } = await workbench.invoke({ events: [record] });

    expect(report.removed).toBe(2);
  });

  it.each([
    ['an upload that was aborted', 'ObjectRemoved:AbortMultipartUpload', 'uploads/a'],
    ['a directory marker', 'ObjectRemoved:DeleteObject', 'uploads/a/'],
  ])(
    'the targets of a source that was deleted stay after the removal of %s, which had none',
    async (_, eventName, key) => {
      const workbench = await start();

      const record = { eventName, oss: { bucket: { name: 'photos' }, object: { key } } };
      const { report, calls } = await workbench.invoke({ events: [record] });

      expect([calls, report.results]).toMatchObject([0, [{ status: 'skipped', reason: 'removed' }]]);
      expect(await readAll(workbench, targets)).toEqual(madeOf('a picture'));
    },
  );

  it('the targets of a source that was deleted stay where the rule does not ask for their deletion', async () => {
    const { onRemove: _, ...rule } = thumbnail;
    const workbench = await start({ rules: { rules: [rule] } });

    const { report, calls } = await workbench.invoke(await removeAll(workbench, 'uploads/a'));

    expect([calls, report.results]).toMatchObject([0, [{ status: 'skipped', reason: 'removed' }]]);
    expect(await readAll(workbench, targets)).toEqual(madeOf('a picture'));
  });

  it('the targets of a source that was deleted are deleted whatever size and type the rule wants, since nobody knows those of what is gone', async () => {
    const rule = { ...thumbnail, match: { key: 'uploads/**', size: { min: 5 }, contentType: 'image/jpeg' } };
    const workbench = await startWorkbench({ rules: { rules: [rule] } });
    await workbench.upload(targets[0] ?? '', 'made earlier');
    const record = {
      eventName: 'ObjectRemoved:DeleteObject',
      oss: { bucket: { name: 'photos' }, object: { key: 'uploads/a' } },
    };

    const { report } = await workbench.invoke({ events: [record] });

    expect(report.removed).toBe(2);
    expect(await workbench.read(targets[0] ?? '')).toBeUndefined();
  });

  it('the targets of a source that was deleted stay where the source is there again, and nothing is made', async () => {
    const workbench = await start();
    const event = await removeAll(workbench, 'uploads/a');
    await workbench.upload('uploads/a', 'a newer picture');

    const { report } = await workbench.invoke(event);

    expect(report.results).toMatchObject(
      targets.map(() => ({ status: 'skipped', reason: 'source-exists', rule: 'thumbnail' })),
    );
    expect(await readAll(workbench, targets)).toEqual(madeOf('a picture'));
  });

  it.each(['AccessDenied', 'DropBefore', 'InternalError'])(
    'the targets of a source that was deleted stay where OSS does not say in its own words that the source is gone: %s',
    async (fault) => {
      const workbench = await start();
      const event = await removeAll(workbench, 'uploads/a');
      await workbench.setFaults({ rules: [{ fault, operation: 'HeadObject' }] });

      const { report, error } = await workbench.invoke(event);

      expect(report).toMatchObject({ failed: 2 });
      expect(error?.message).toContain('HeadObject oss://photos/uploads/a failed');
      expect(report.results).toMatchObject(targets.map(() => ({ kind: 'transient' })));
      await workbench.setFaults({});
      expect(await readAll(workbench, targets)).toEqual(madeOf('a picture'));
      expect((await workbench.invoke(event)).report).toMatchObject({ removed: 2, failed: 0 });
    },
  );

  it('the targets of a source that was deleted may be gone already: a repetition of the event is harmless', async () => {
    const workbench = await start();
    const event = await removeAll(workbench, 'uploads/a');
    await workbench.invoke(event);

    expect((await workbench.invoke(event)).report).toMatchObject({ removed: 2, failed: 0 });
  });
});

describe('targets that are sources themselves', () => {
  const rules = {
    rules: ['a', 'b', 'c', 'd'].map((from, i, all) => ({
      name: from,
      match: { key: `${from}/**` },
      onRemove: 'delete',
      outputs: [{ style: 'image/info', target: { key: `${all[i + 1] ?? 'e'}/{dir}/{base}` } }],
    })),
  };

  it('targets that are sources themselves take their targets along, one after the other, until there is nothing more to delete', async () => {
    const workbench = await startWorkbench({ rules });
    const { oss, invoke } = workbench;
    async function deliverAll(first: object) {
      const invocations: object[] = [];
      for (
        let event = first;
        JSON.stringify(event) !== '{"events":[]}';
        event = { events: oss.events.splice(0) }
      ) {
        invocations.push((await invoke(event)).report);
      }
      return invocations;
    }
    await deliverAll(await workbench.upload('a/x', 'a picture'));
    const chain = ['a/x', 'b/a/x', 'c/b/a/x', 'd/c/b/a/x', 'e/d/c/b/a/x'];
    expect((await readAll(workbench, chain)).includes(undefined)).toBe(false);

    const invocations = await deliverAll(await removeAll(workbench, 'a/x'));

    expect(await readAll(workbench, chain)).toEqual(chain.map(() => undefined));
    expect(invocations).toMatchObject([
      ...[{ removed: 1 }, { removed: 1 }, { removed: 1 }, { removed: 1 }],
      { results: [{ status: 'skipped', reason: 'removed' }] },
    ]);
  });
});
