import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { describeImage, startWorkbench } from './workbench.ts';

const rulesOf = (care: object) => ({
  rules: [
    {
      name: 'thumbnail',
      match: { key: 'uploads/**' },
      outputs: [{ style: 'image/info', target: { key: 'derived/{name}' }, ...care }],
    },
  ],
});

/**
 * Two uploads of one key; OSS has read the first for its derivative, and is slow to save it. Where its clock goes on by
 * `delayMs`, that is before the newer one is processed.
 */
async function race(care: object, delayMs = 0) {
  let skippedMs = 0;
  const steps = new EventEmitter();
  const started = once(steps, 'started');
  let isFirst = true;
  const workbench = await startWorkbench({
    rules: rulesOf(care),
    oss: {
      now: () => Date.now() + skippedMs,
      processImage: async (request) => {
        const image = await describeImage(request);
        if (!isFirst) {
          return image;
        }
        isFirst = false;
        steps.emit('started');
        await once(steps, 'overtaken');
        return image;
      },
    },
  });
  const { upload, invoke, read } = workbench;
  const older = invoke(await upload('uploads/a', 'older'));
  await started;
  const event = await upload('uploads/a', 'newer');
  if (delayMs > 0) {
    // Last-Modified has whole seconds: the older result shall be newer than the newer source.
    skippedMs = delayMs;
    steps.emit('overtaken');
    await older;
  }
  const newer = await invoke(event);
  steps.emit('overtaken');
  return { older: await older, newer, left: await read('derived/a') };
}

describe('two uploads of one key close together', () => {
  it("two uploads of one key close together may leave the older one's derivative", async () => {
    const { older, newer, left } = await race({});

    expect([older.report.saved, newer.report.saved]).toEqual([1, 1]);
    expect(left).toBe('image/info(older)');
  });

  it("two uploads of one key close together leave the newer one's derivative where the source is checked, for one HEAD and one call more", async () => {
    const { older, newer, left } = await race({ checkSource: true });

    expect(left).toBe('image/info(newer)');
    expect([older.calls - newer.calls, newer.calls]).toEqual([4, 2]);
  });

  it("two uploads of one key close together leave the newer one's derivative with refresh: stale, although the older one's was saved later", async () => {
    const { newer, left } = await race({ refresh: 'stale' }, 1_100);

    expect(newer.report).toMatchObject({ saved: 1, skipped: 0 });
    expect(left).toBe('image/info(newer)');
  });

  it('two uploads of one key close together lose no derivative to a check that fails: the invocation fails, and is repeated', async () => {
    const { upload, setFaults, invoke, read } = await startWorkbench({
      rules: rulesOf({ checkSource: true }),
    });
    const event = await upload('uploads/a', 'pixels');
    await setFaults({ rules: [{ fault: 'InternalError', operation: 'HeadObject' }] });
    const failed = await invoke(event);
    await setFaults({});

    const repeated = await invoke(event);

    expect(failed.report.results).toMatchObject([
      { status: 'failed', kind: 'transient', code: 'InternalError' },
    ]);
    expect(repeated.report.saved).toBe(1);
    expect(await read('derived/a')).toBe('image/info(pixels)');
  });
});

describe('an event that comes twice', () => {
  it.each([
    ['missing', 'target-exists'],
    ['stale', 'up-to-date'],
  ])(
    'an event that comes twice pays one HEAD and no processing with refresh: %s',
    async (refresh, reason) => {
      let processed = 0;
      let nowMs = Date.now();
      const { upload, invoke, read } = await startWorkbench({
        rules: rulesOf({ refresh }),
        oss: {
          now: () => nowMs,
          processImage: (request) => {
            processed += 1;
            return describeImage(request);
          },
        },
      });
      const event = await upload('uploads/a', 'pixels');
      nowMs += 62_000; // a target that was saved within a timeout of the event is made again with stale
      const first = await invoke(event);

      const second = await invoke(event);

      expect([first.report.saved, first.calls]).toEqual([1, 2]);
      expect(second.report.results).toMatchObject([{ status: 'skipped', reason }]);
      expect([second.calls, processed]).toEqual([1, 1]);
      expect(await read('derived/a')).toBe('image/info(pixels)');
    },
  );

  it('an event of a new version is made again with refresh: stale', async () => {
    let nowMs = Date.now();
    const { upload, invoke, read } = await startWorkbench({
      rules: rulesOf({ refresh: 'stale' }),
      oss: { now: () => nowMs },
    });
    await invoke(await upload('uploads/a', 'older'));
    nowMs += 2_000;

    const { report } = await invoke(await upload('uploads/a', 'newer'));

    expect(report.saved).toBe(1);
    expect(await read('derived/a')).toBe('image/info(newer)');
  });
});
