import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Journal, noCounts } from '../../src/backfill/journal.ts';
import { failuresFileOf } from '../../src/backfill/journal-file.ts';
import { runTasks } from '../../src/backfill/run-tasks.ts';
import type { SourceEntry } from '../../src/backfill/source.ts';
import { FailureStreak } from '../../src/backfill/work-through.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';

interface Surroundings {
  output?: object;
  /** The states of a task, one for each time that it is asked for; the last one stays. */
  states?: string[];
  onSubmit?: (controller: AbortController) => void;
}

/** Runs a backfill over objects of these keys by a function whose tasks no list names. */
async function run(keys: readonly string[], { output, states = ['Succeeded'], onSubmit }: Surroundings = {}) {
  const folder = await temporaryDir();
  const identity = { rules: 'r', input: '', expectedSelected: keys.length };
  const journal = new Journal(folder, {
    startedAt: '2026-11-26T12:00:00.000Z',
    ...{ ...identity, counts: noCounts, failuresBytes: 0 },
  });
  async function* read(): AsyncIterable<SourceEntry> {
    for (const [after, key] of keys.entries()) {
      const known = { sizeBytes: 1, eTag: 'A', modifiedAt: '2026-01-01T00:00:00.000Z' };
      yield {
        object: { bucket: 'photos', key, eventName: 'Manual', ...known },
        position: { part: 0, after },
      };
    }
  }
  const outputs = [{ style: 'image/resize,w_1', target: { key: 'small/a' }, ...output }];
  const controller = new AbortController();
  const payloads: string[] = [];
  let asked = 0;
  await runTasks({
    ...{ source: { name: 'a list', fingerprint: '', read }, journal, streak: new FailureStreak() },
    ...{ filter: {}, onlyMissing: false, rulesDigest: 'd', sleep: async () => {}, stop: controller.signal },
    ruleSet: ruleSetOf({ rules: [{ name: 'small', match: { key: 'uploads/**' }, outputs }] }),
    client: {
      submit: async (_, payload) => {
        payloads.push(payload);
        onSubmit?.(controller);
        return true;
      },
      list: async () => [],
      find: async () => {
        asked += 1;
        return { status: states[Math.min(asked, states.length) - 1] ?? '' };
      },
      stop: async () => true,
    },
  });
  return { folder, journal, payloads };
}

const keysOf = (count: number) => Array.from({ length: count }, (_, i) => `uploads/${i}.jpg`);

describe('the tasks of a backfill', () => {
  it('a task that no list names, since its state changed meanwhile, is followed to its end', async () => {
    const { journal, payloads } = await run(['uploads/a.jpg'], {
      states: ['Dequeued', 'Running', 'Succeeded'],
    });

    expect(payloads).toHaveLength(1);
    expect(journal.total).toEqual({ objects: 1, selected: 1, saved: 1, failed: 0 });
  });

  it('a task that Function Compute no longer knows is submitted once more, and then counts as failed', async () => {
    const { folder, journal, payloads } = await run(['uploads/a.jpg'], { states: [''] });

    expect(payloads).toHaveLength(2);
    expect(journal.total).toMatchObject({ objects: 1, saved: 0, failed: 1 });
    expect(JSON.parse(await readFile(failuresFileOf(folder), 'utf8'))).toMatchObject({
      code: 'TaskForgotten',
    });
  });

  it('no batch is submitted after Ctrl-C', async () => {
    const { journal, payloads } = await run(keysOf(500), { onSubmit: (controller) => controller.abort() });

    expect(payloads).toHaveLength(1);
    expect(journal.state.finishedAt).toBeUndefined();
  });

  it('no batch is submitted for objects that no rule takes', async () => {
    const { journal, payloads } = await run(['elsewhere/a.jpg']);

    expect(payloads).toEqual([]);
    expect(journal.state.finishedAt).toBeDefined();
  });

  it('a batch stays below the 128 KB of Function Compute whatever its keys are', async () => {
    const { payloads } = await run(keysOf(100).map((key) => key.padEnd(1_000, '\u0001')));

    expect(Math.max(...payloads.map((payload) => Buffer.byteLength(payload)))).toBeLessThan(128_000);
  });

  it('an output that goes again where it is larger than its source may be saved or skipped', async () => {
    const { journal } = await run(keysOf(3), { output: { skipLarger: true } });

    expect(journal.total).toMatchObject({ saved: 0, 'saved-or-skipped': 3 });
  });
});
