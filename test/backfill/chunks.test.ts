import { describe, expect, it } from 'vitest';
import { workByChunks } from '../../src/backfill/chunks.ts';
import { Journal, noCounts } from '../../src/backfill/journal.ts';
import { readJournal } from '../../src/backfill/journal-file.ts';
import { runObjects } from '../../src/backfill/run-objects.ts';
import type { ExistingObject, SourceEntry } from '../../src/backfill/source.ts';
import { FailureStreak } from '../../src/backfill/work-through.ts';
import type { OperationRequest } from '../../src/oss/call.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';
import { readFailures } from './journal-lines.ts';

const ruleSet = ruleSetOf({
  rules: [
    {
      name: 'small',
      match: { key: 'uploads/**' },
      outputs: [
        { style: 'image/resize,w_1', target: { key: 'small/{name}' } },
        { style: 'image/resize,w_2', target: { key: 'large/{name}' } },
      ],
    },
  ],
});

const object = (key: string): ExistingObject => ({
  ...{ bucket: 'photos', key, eventName: 'Manual' },
  ...{ sizeBytes: 1, eTag: 'A', modifiedAt: '2026-01-01T00:00:00.000Z' },
});

/** A journal, and a source of numbered objects that notes how far it was read and whether it was closed. */
async function start(count: number, keyOf = (number: number) => `uploads/${number}.jpg`) {
  const folder = await temporaryDir();
  const journal = new Journal(folder, {
    startedAt: '2026-11-26T12:00:00.000Z',
    ...{ rules: 'r', input: '', expectedSelected: count, counts: noCounts, failuresBytes: 0 },
  });
  const seen = { read: 0, count: 0, isClosed: false };
  async function* read(behind?: SourceEntry['position']): AsyncIterable<SourceEntry> {
    try {
      for (let number = Number(behind?.after ?? 0) + 1; number <= count; number += 1) {
        seen.read = number;
        seen.count += 1;
        yield { object: object(keyOf(number)), position: { part: 0, after: number } };
      }
    } finally {
      seen.isClosed = true;
    }
  }
  const controller = new AbortController();
  const source = { name: 'a listing', fingerprint: '', read };
  const options = {
    ...{ source, journal, ruleSet, filter: {}, chunkOutputs: 50_000 },
    stop: controller.signal,
  };
  return { folder, seen, options, stop: () => controller.abort() };
}

describe('the chunks of a backfill', () => {
  it('the chunks of a backfill have so many outputs each, behind which the position moves', async () => {
    const { folder, options } = await start(60_000);
    const chunks: number[] = [];
    const positions: unknown[] = [];

    await workByChunks(options, async (objects) => {
      positions.push(readJournal(folder)?.state.position?.after);
      let count = 0;
      for await (const _ of objects) {
        count += 1;
      }
      chunks.push(count);
    });

    expect(chunks).toEqual([25_000, 25_000, 10_000]);
    expect(positions).toEqual([undefined, 25_000, 50_000]);
    expect(readJournal(folder)?.state).toMatchObject({
      position: { after: 60_000 },
      finishedAt: expect.any(String),
    });
  });

  it('a chunk is read while work on its first objects goes on: no call waits for a listing', async () => {
    const { seen, options } = await start(3_000);
    let readAtFirst = 0;

    await workByChunks(options, async (objects) => {
      for await (const _ of objects) {
        readAtFirst ||= seen.read;
      }
    });

    expect(readAtFirst).toBe(1);
  });

  it('the chunks of a backfill move the position along keys that no rule takes, and read each once', async () => {
    const { folder, seen, options } = await start(300_000, (number) => `other/${number}`);
    const positions = new Set<unknown>();

    await workByChunks(options, async (objects) => {
      for await (const _ of objects) {
        throw new Error('unreachable');
      }
      positions.add(readJournal(folder)?.state.position?.after);
    });

    expect(seen.count).toBe(300_000);
    expect(positions).toEqual(new Set([undefined, 100_000, 200_000, 300_000]));
    expect(readJournal(folder)?.state).toMatchObject({
      counts: { objects: 300_000, selected: 0, 'no-rule-matched': 300_000 },
    });
  }, 120_000);

  it.each(['stop', 'failure'])(
    'the chunks of a backfill are begun again where a %s comes first, and the source is closed',
    async (end) => {
      const { folder, seen, options, stop } = await start(10);
      const work = async (objects: AsyncIterable<unknown>) => {
        for await (const _ of objects) {
          stop();
          if (end === 'failure') {
            throw new Error('no space');
          }
          return;
        }
      };

      const ending = workByChunks(options, work);

      await (end === 'failure' ? expect(ending).rejects.toThrow('no space') : ending);
      expect(readJournal(folder)?.state.position).toBeUndefined();
      expect(seen.isClosed).toBe(true);
    },
  );

  it('a chunk has an output made that failed, though another one of the same object was done', async () => {
    const { folder, options } = await start(0);
    const failures = ['small', 'large'].map((place) => ({
      ...object('uploads/1.jpg'),
      target: `oss://photos/${place}/1`,
    }));
    const [small = object(''), large = object('')] = failures;
    const before = new Journal(folder);
    const address = 'oss://photos/uploads/1.jpg';
    before.record({ status: 'saved', source: address, target: large.target });
    before.record({ status: 'done', source: address, target: large.target, objects: 1 });
    const journal = new Journal(folder);
    async function* read() {
      for (const [after, one] of [small, large].entries()) {
        yield { object: one, position: { part: 0, after } };
      }
    }

    const requests = await make({ ...options, journal, source: { name: 'failures', fingerprint: '', read } });

    expect(requests.map(({ key }) => key)).toEqual(['uploads/1.jpg']);
    expect(journal.total).toEqual({ ...noCounts, objects: 2, selected: 2, saved: 2 });
  });

  it('a chunk that ends earlier than before, since objects came, has none made again or counted twice', async () => {
    // The keys that no rule takes were one fewer when the last object was made in their chunk.
    const keyOf = (number: number) => (number <= 100_000 ? `other/${number}` : 'uploads/1.jpg');
    const { folder, options } = await start(100_001, keyOf);
    const address = 'oss://photos/uploads/1.jpg';
    options.journal.record({ status: 'saved', source: address, target: 'oss://photos/small/1' });
    options.journal.record({ status: 'failed', source: address, target: 'oss://photos/large/1' });
    options.journal.record({ status: 'done', source: address, objects: 1 });
    const journal = new Journal(folder);

    const requests = await make({ ...options, journal });

    expect(requests).toEqual([]);
    const counts = { objects: 100_001, selected: 1, saved: 1, failed: 1, 'no-rule-matched': 100_000 };
    expect([journal.total, new Journal(folder).total]).toEqual([counts, counts]);
    expect(await readFailures(folder)).toEqual([address]);
  });
});

/** Makes the outputs of objects by an OSS that takes all; resolves to the requests that it got. */
async function make(options: Awaited<ReturnType<typeof start>>['options']): Promise<OperationRequest[]> {
  const requests: OperationRequest[] = [];
  const pace = {
    turn: async () => {},
    throttled: () => {},
    rate: () => 10,
    attempts: { all: 0, throttled: 0 },
  };
  await runObjects({
    ...options,
    ...{ onlyMissing: false, pace, streak: new FailureStreak(), sleep: async () => {} },
    call: async (request) => {
      requests.push(request);
      const context = { ...request, attempts: 1 };
      return { statusCode: 200, headers: { 'content-length': '0' }, body: Buffer.alloc(0), context };
    },
  });
  return requests;
}
