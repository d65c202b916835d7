import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { describeImage, startWorkbench } from '../faults/workbench.ts';
import { madeOf, readAll, removeAll, start, targets, thumbnail } from './remove-fixture.ts';

describe('a source that is uploaded again while its targets are being deleted', () => {
  /** Uploads the source again, and has its outputs made, before the function's first request of this kind goes out. */
  async function race(isTheMoment: (method: string, path: string, number: number) => boolean) {
    let moment: Promise<unknown> | undefined;
    let numberOfRequest = 0;
    let isOpen = false;
    const workbench = await start({
      concurrency: 1,
      before: (method, path) => {
        numberOfRequest += isOpen ? 1 : 0;
        if (!isOpen || moment !== undefined || !isTheMoment(method, path, numberOfRequest)) {
          return undefined;
        }
        moment = uploadAgain();
        return moment;
      },
    });
    async function uploadAgain() {
      isOpen = false;
      await workbench.invoke(await workbench.upload('uploads/a', 'a newer picture'));
    }
    const event = await removeAll(workbench, 'uploads/a');
    isOpen = true;
    const { report } = await workbench.invoke(event);
    expect(moment).toBeDefined();
    const happened = workbench.oss.events
      .filter(({ oss }) => oss.object.key === targets[0])
      .map(({ eventName }) => eventName.split(':')[0]);
    return { workbench, report, happened };
  }

  it('a source that is uploaded again while its targets are being deleted has its outputs: what was deleted after they were made is made again', async () => {
    const { workbench, report, happened } = await race((method) => method === 'DELETE');

    expect(happened).toEqual(['ObjectCreated', 'ObjectRemoved', 'ObjectCreated']);
    expect(report).toMatchObject({ saved: 1, skipped: 1, failed: 0 });
    expect(report.results).toMatchObject([
      { status: 'saved', target: { key: targets[0] } },
      { status: 'skipped', reason: 'source-exists', target: { key: targets[1] } },
    ]);
    expect(await readAll(workbench, targets)).toEqual(madeOf('a newer picture'));
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'a source that is uploaded again while its targets are being deleted has its outputs where that is before request %i of six',
    async (moment) => {
      const { workbench, report } = await race((_method, _path, number) => number === moment);

      expect(report.failed).toBe(0);
      expect(await readAll(workbench, targets)).toEqual(madeOf('a newer picture'));
    },
  );

  it('a source that is uploaded again while its targets are being deleted has its outputs too where the invocation ended between the deletion and the making', async () => {
    const workbench = await start();
    const event = await removeAll(workbench, 'uploads/a');
    await workbench.invoke(await workbench.upload('uploads/a', 'a newer picture'));
    await removeAll(workbench, ...targets);

    const { report } = await workbench.invoke(event);

    expect(report).toMatchObject({ saved: 2, failed: 0 });
    expect(await readAll(workbench, targets)).toEqual(madeOf('a newer picture'));
  });

  it('a source that is uploaded again while its targets are being deleted has no output where its rule wants none of it now', async () => {
    const rule = { ...thumbnail, match: { key: 'uploads/**', size: { max: 10 } } };
    const workbench = await start({ rules: { rules: [rule] } });
    const event = await removeAll(workbench, 'uploads/a');
    await workbench.upload('uploads/a', 'a much larger picture');
    await removeAll(workbench, ...targets);

    const { report } = await workbench.invoke(event);

    expect(report.results).toMatchObject(targets.map(() => ({ reason: 'source-exists' })));
    expect(await readAll(workbench, targets)).toEqual([undefined, undefined]);
  });
});

describe('an output that is still being made when its source is deleted', () => {
  /** Has OSS read the source, and save what it made of it only once the deletion is worked off. */
  async function overtake(more: object = {}) {
    const steps = new EventEmitter();
    const [started, release] = [once(steps, 'started'), once(steps, 'release')];
    const rule = {
      ...thumbnail,
      outputs: [{ style: 'image/info', target: { key: 'derived/{key}' } }],
      ...more,
    };
    const workbench = await startWorkbench({
      rules: { rules: [rule] },
      oss: {
        processImage: async (request) => {
          const image = await describeImage(request);
          steps.emit('started');
          await release;
          return image;
        },
      },
    });
    const saving = workbench.invoke(await workbench.upload('uploads/a', 'a picture'));
    await started;
    const deletion = await workbench.invoke(await removeAll(workbench, 'uploads/a'));
    steps.emit('release');
    return { ...workbench, deletion, saved: await saving };
  }

  it('an output that is still being made when its source is deleted goes once it is saved', async () => {
    const { deletion, saved, read } = await overtake();

    expect(deletion.report.removed).toBe(1);
    expect(saved.report).toMatchObject({ saved: 0, removed: 1, failed: 0 });
    expect(await read('derived/uploads/a')).toBeUndefined();
  });

  it('an output that is still being made when its source is deleted stays where the rule keeps its outputs', async () => {
    const { saved, read } = await overtake({ onRemove: undefined });

    expect(saved.report).toMatchObject({ saved: 1, failed: 0 });
    expect(await read('derived/uploads/a')).toBe('image/info(a picture)');
  });

  it.each([
    ['an upload', (uploaded: object) => uploaded],
    ['what a person names', () => ({ bucket: 'photos', key: 'uploads/a' })],
  ])(
    'an output of %s fails where OSS does not say whether its source is there, and goes at the next attempt, unpaid',
    async (_, eventOf) => {
      const workbench = await startWorkbench({ rules: { rules: [thumbnail] } });
      const { invoke, credentials } = workbench;
      const event = eventOf(await workbench.upload('uploads/a', 'a picture'));
      await workbench.setFaults({ rules: [{ fault: 'AccessDenied', operation: 'HeadObject' }] });
      const first = await invoke(event, credentials, 'FC');
      await removeAll(workbench, 'uploads/a');
      await workbench.setFaults({ rules: [] });

      const second = await invoke(event, credentials, 'FC');

      const failure = { status: 'failed', kind: 'transient', code: 'AccessDenied' };
      expect(first.report.results).toMatchObject([failure, failure]);
      expect(second.report).toMatchObject({ removed: 2, saved: 0, failed: 0 });
      // Before a deletion OSS is asked twice, and once after it: nothing is processed again.
      expect(second.calls).toBe(8);
      expect(await readAll(workbench, targets)).toEqual([undefined, undefined]);
    },
  );
});

describe('a source that is uploaded again and deleted again while its target is being deleted', () => {
  /** Uploads the source again before the target's deletion; where its target is made again, the source is deleted again. */
  async function raceTwice(whenDeletedAgain: 'before it is read' | 'before the save') {
    let phase: 'deletion' | 'restoration' | undefined;
    const rule = { ...thumbnail, outputs: [{ style: 'image/info', target: { key: 'derived/{key}' } }] };
    const workbench = await startWorkbench({
      rules: { rules: [rule] },
      before: (method) => {
        if (phase === 'deletion' && method === 'DELETE') {
          phase = undefined;
          return uploadAgain();
        }
        const isEarly = whenDeletedAgain === 'before it is read' && method === 'POST';
        return phase === 'restoration' && isEarly ? deleteAgain() : undefined;
      },
      oss: {
        processImage: async (request) => {
          const image = await describeImage(request);
          if (phase === 'restoration') {
            await deleteAgain();
          }
          return image;
        },
      },
    });
    async function uploadAgain() {
      await workbench.invoke(await workbench.upload('uploads/a', 'a newer picture'));
      phase = 'restoration';
    }
    async function deleteAgain() {
      phase = undefined;
      await workbench.invoke(await removeAll(workbench, 'uploads/a'));
    }
    await workbench.invoke(await workbench.upload('uploads/a', 'a picture'));
    const event = await removeAll(workbench, 'uploads/a');
    phase = 'deletion';
    return { ...workbench, ...(await workbench.invoke(event)) };
  }

  it.each(['before it is read', 'before the save'] as const)(
    'a source that is deleted again %s while its target is made again leaves no target',
    async (moment) => {
      const { report, read } = await raceTwice(moment);

      expect(report).toMatchObject({ removed: 1, saved: 0, failed: 0 });
      expect(await read('derived/uploads/a')).toBeUndefined();
    },
  );
});
