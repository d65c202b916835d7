import { expect, it } from 'vitest';
import { Journal, noCounts } from '../../src/backfill/journal.ts';
import { runTasks } from '../../src/backfill/run-tasks.ts';
import type { SourceEntry } from '../../src/backfill/source.ts';
import type { TaskClient } from '../../src/backfill/task-client.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';

it('a backfill via the function looks at its batches while it still reads the source', async () => {
  const objects = 100_000;
  const journal = new Journal(await temporaryDir(), {
    startedAt: '2026-11-26T12:00:00.000Z',
    endpoint: 'e',
    rules: 'r',
    input: '',
    expectedObjects: objects,
    counts: noCounts,
  });
  let nowMs = 0;
  let savedBeforeEnd = 0;
  const client: TaskClient = {
    submit: async () => true,
    list: async () => [],
    find: async () => ({ status: 'Succeeded' }),
    stop: async () => true,
  };
  async function* read(): AsyncIterable<SourceEntry> {
    for (let number = 0; number < objects; number += 1) {
      nowMs += 1;
      const key = number % 10_000 === 0 ? `uploads/${number}.jpg` : `other/${number}`;
      const modifiedAt = '2026-01-01T00:00:00.000Z';
      yield {
        object: { bucket: 'photos', key, eventName: 'Manual', sizeBytes: 1, eTag: 'A', modifiedAt },
        position: { part: 0, after: number },
      };
    }
    savedBeforeEnd = journal.total.saved;
  }

  await runTasks({
    source: { name: 'a listing', fingerprint: '', read },
    journal,
    client,
    ruleSet: ruleSetOf({
      rules: [
        {
          name: 'small',
          match: { key: 'uploads/**' },
          outputs: [{ style: 'image/resize,w_1', target: { key: 'small/{name}' } }],
        },
      ],
    }),
    rulesDigest: 'd',
    filter: {},
    onlyMissing: false,
    now: () => nowMs,
    sleep: async (delayMs) => {
      nowMs += delayMs;
    },
    stop: new AbortController().signal,
  });

  expect(journal.total.saved).toBe(10);
  expect(savedBeforeEnd).toBeGreaterThan(4);
});
