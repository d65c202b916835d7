import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { describeImage, startWorkbench } from '../faults/workbench.ts';

const thumbnail = {
  name: 'thumbnail',
  match: { key: 'uploads/**' },
  onRemove: 'delete',
  outputs: [
    {
      style: 'image/resize,w_{w}',
      vary: { w: [10, 20] },
      target: { key: 'derived/{dir}/{base}-{w}' },
    },
  ],
};

const targets = ['derived/uploads/a-10', 'derived/uploads/a-20'];

type Workbench = Awaited<ReturnType<typeof startWorkbench>>;

/** The function before a local OSS, with an upload and its outputs. */
async function start(options: Partial<Parameters<typeof startWorkbench>[0]> = {}) {
  const workbench = await startWorkbench({ rules: { rules: [thumbnail] }, ...options });
  await workbench.invoke(await workbench.upload('uploads/a', 'a picture'));
  workbench.oss.events.splice(0);
  return workbench;
}

/** Deletes objects, and answers with the event that OSS raises. */
async function removeAll({ oss }: Workbench, ...keys: string[]): Promise<object> {
  for (const key of keys) {
    await oss.call({ method: 'DELETE', bucket: 'photos', key });
  }
  return { events: oss.events.splice(0) };
}

const readAll = ({ read }: Workbench, keys: readonly string[]) => Promise.all(keys.map((key) => read(key)));

const madeOf = (content: string) => [`image/resize,w_10(${content})`, `image/resize,w_20(${content})`];

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
  ])('stay after the removal of %s, which had none', async (_, eventName, key) => {
    const workbench = await start();

    const record = { eventName, oss: { bucket: { name: 'photos' }, object: { key } } };
    const { report, calls } = await workbench.invoke({ events: [record] });

    expect([calls, report.results]).toMatchObject([0, [{ status: 'skipped', reason: 'removed' }]]);
    expect(await readAll(workbench, targets)).toEqual(madeOf('a picture'));
  });

  it('stay where the rule does not ask for their deletion', async () => {
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

  it('stay where the source is there again, and nothing is made', async () => {
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
    'stay where OSS does not say in its own words that the source is gone: %s',
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

  it('an output stays where OSS does not say whether its source is there', async () => {
    const workbench = await startWorkbench({ rules: { rules: [thumbnail] } });
    await workbench.setFaults({ rules: [{ fault: 'AccessDenied', operation: 'HeadObject' }] });

    const { report } = await workbench.invoke(await workbench.upload('uploads/a', 'a picture'));

    expect(report).toMatchObject({ saved: 2, failed: 0 });
  });
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

describe('an output that was saved by an attempt that ended before it could ask for the source', () => {
  /** The event of an upload that saved its outputs, while its source was deleted and nothing asked for it. */
  async function leaveBehind(more: object = {}) {
    const output = { style: 'image/info', target: { key: 'derived/{key}' }, ...more };
    const workbench = await startWorkbench({ rules: { rules: [{ ...thumbnail, outputs: [output] }] } });
    const event = await workbench.upload('uploads/a', 'a picture');
    await workbench.invoke(event);
    await removeAll(workbench, 'uploads/a');
    expect(await workbench.read('derived/uploads/a')).toBe('image/info(a picture)');
    return { ...workbench, event };
  }

  it.each([
    ['to be made again', {}],
    ['that is complete', { headers: { 'Cache-Control': 'no-cache' } }],
    ['that is not made twice', { refresh: 'missing' }],
  ])(
    'an output %s goes with its source, where an attempt ended before it could ask for that',
    async (_, more) => {
      const { event, invoke, read } = await leaveBehind(more);

      const { report } = await invoke(event);

      expect(report).toMatchObject({ saved: 0, removed: 1, failed: 0 });
      expect(await read('derived/uploads/a')).toBeUndefined();
    },
  );

  it('an output stays where a person names a source that is not there', async () => {
    const { invoke, read } = await leaveBehind();

    const { report } = await invoke({ bucket: 'photos', key: 'uploads/a' });

    expect(report.results).toMatchObject([{ status: 'failed', code: 'NoSuchKey' }]);
    expect(await read('derived/uploads/a')).toBe('image/info(a picture)');
  });

  it('an upload that was deleted before anything was made of it is no failure where its outputs go with it', async () => {
    const workbench = await startWorkbench({ rules: { rules: [thumbnail] } });
    const event = await workbench.upload('uploads/a', 'a picture');
    await removeAll(workbench, 'uploads/a');

    expect((await workbench.invoke(event)).report).toMatchObject({ removed: 2, failed: 0 });
  });
});

describe('an upload that OSS has to be asked about, and that was deleted meanwhile', () => {
  const record = {
    eventName: 'ObjectCreated:PutObject',
    oss: { bucket: { name: 'photos' }, object: { key: 'uploads/a', size: 9 } },
  };
  const pictures = { ...thumbnail, match: { key: 'uploads/**', contentType: 'image/*' } };

  it('an upload that OSS has to be asked about takes its outputs along where it was deleted meanwhile', async () => {
    const workbench = await startWorkbench({ rules: { rules: [pictures] } });
    await workbench.upload(targets[0] ?? '', 'made by an attempt that got no further');

    const { report } = await workbench.invoke({ events: [record] });

    expect(report).toMatchObject({ removed: 2, failed: 0 });
    expect(await workbench.read(targets[0] ?? '')).toBeUndefined();
  });

  it('an upload that OSS has to be asked about still fails for a rule that keeps its outputs', async () => {
    const { onRemove: _, ...other } = { ...pictures, name: 'other' };
    const workbench = await startWorkbench({ rules: { rules: [pictures, other] } });

    const { report } = await workbench.invoke({ events: [record] });

    expect(report).toMatchObject({ removed: 2, failed: 1 });
  });

  it('an upload that OSS has to be asked about keeps its outputs where a person names it', async () => {
    const workbench = await startWorkbench({ rules: { rules: [pictures] } });
    await workbench.upload(targets[0] ?? '', 'made earlier');

    const { report } = await workbench.invoke({ bucket: 'photos', key: 'uploads/a' });

    expect(report).toMatchObject({ removed: undefined, failed: 1 });
    expect(await workbench.read(targets[0] ?? '')).toBe('made earlier');
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
