import fs, { existsSync, statSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Journal, noCounts } from '../../src/backfill/journal.ts';
import { type JournalState, readJournal } from '../../src/backfill/journal-file.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';

/** Linux has a device that takes nothing. */
const hasFullDevice = existsSync('/dev/full');

const fresh: JournalState = {
  startedAt: '2026-11-26T12:00:00.000Z',
  endpoint: 'e',
  rules: 'r',
  input: '',
  expectedObjects: 9,
  counts: noCounts,
};

const one = { objects: 1, selected: 1 };
const saved = (source: string) => ({ status: 'saved' as const, source, target: `to-${source}` });
const failed = (source: string) => ({ ...saved(source), status: 'failed' as const });

/** Begins and ends an object with one output. */
function make(journal: Journal, number: number): void {
  const item = journal.begin({ part: 0, after: number }, one);
  if (journal.recall(item, `${number}`, `to-${number}`) === undefined) {
    journal.record(item, number % 3 === 0 ? failed(`${number}`) : saved(`${number}`));
  }
  journal.end(item);
}

describe('a journal', () => {
  it('a journal has its position behind the oldest object under way, and knows what was done beyond it', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    const [a, b, c] = [1, 2, 3].map((after) => journal.begin({ part: 0, after }, one));
    if (a === undefined || b === undefined || c === undefined) {
      throw new Error('unreachable');
    }
    journal.record(a, saved('a'));
    journal.end(a);
    journal.record(c, failed('c'));
    journal.end(c);
    journal.checkpoint();
    journal.record(b, saved('b'));

    const again = new Journal(folder);
    const [b2, c2] = [2, 3].map((after) => again.begin({ part: 0, after }, one));

    expect(again.state.position).toEqual({ part: 0, after: 1 });
    expect(again.state.counts).toEqual({ ...noCounts, objects: 1, selected: 1, saved: 1 });
    expect(b2 && again.recall(b2, 'b', 'to-b')).toEqual(saved('b'));
    expect(c2 && again.recall(c2, 'c', 'to-c')).toEqual(failed('c'));
    expect(c2 && again.recall(c2, 'c', 'to-d')).toBeUndefined();
    expect(again.total).toEqual({ ...noCounts, objects: 3, selected: 3, saved: 2, failed: 1 });
  });

  it('a journal counts what earlier runs did from the start, and once, so that a run which is stopped early tells all', async () => {
    const folder = await temporaryDir();
    const first = new Journal(folder, fresh);
    first.begin({ part: 0, after: 1 }, one);
    const ahead = first.begin({ part: 0, after: 2 }, one);
    first.record(ahead, saved('ahead'));

    const again = new Journal(folder);

    expect(again.total).toEqual({ ...noCounts, saved: 1 });
    const item = again.begin({ part: 0, after: 2 }, one);
    again.recall(item, 'ahead', 'to-ahead');
    expect(again.total).toEqual({ ...noCounts, ...one, saved: 1 });
  });

  it('a journal goes on beside more failures than fit into memory', async () => {
    const folder = await temporaryDir();
    const failures = join(folder, 'failures.jsonl');
    const journal = new Journal(folder, fresh);
    await writeFile(failures, '');
    await truncate(failures, 5 * 2 ** 30); // It takes no room on the disk.
    journal.checkpoint();
    journal.record(journal.begin({ part: 0, after: 1 }, one), failed('a'));

    const again = new Journal(folder);

    const item = again.begin({ part: 0, after: 1 }, one);
    expect(again.recall(item, 'a', 'to-a')).toEqual(failed('a'));
  });

  it('a journal holds failures that may heal until something is done, and forgets them where nothing is', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    const hold = (after: number) => {
      const item = journal.begin({ part: 0, after }, one);
      journal.hold(item, failed(`${after}`));
      journal.end(item);
    };
    hold(1);
    hold(2);
    expect(journal.total.failed).toBe(0);
    make(journal, 4);
    expect(journal.total).toMatchObject({ saved: 1, failed: 2 });
    expect(journal.state.position).toEqual({ part: 0, after: 4 });

    for (let after = 5; after < 104; after += 1) {
      hold(after);
    }
    expect(() => hold(104)).toThrow('the last 100 outputs all failed');
    make(journal, 106); // It was under way when the hundredth failed.
    journal.checkpoint();

    const again = new Journal(folder);
    expect(again.state.position).toEqual({ part: 0, after: 4 });
    expect(readJournal(folder)?.lines).toEqual([saved('106')]);
    expect(again.total).toMatchObject({ objects: 3, saved: 2, failed: 2 });
  });

  it('counts every object once, whatever byte of a line a kill or a full disk cuts them at', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ made: fc.nat(6), cut: fc.nat(120), checkpoint: fc.boolean() }), {
          maxLength: 5,
        }),
        async (runs) => {
          const folder = await temporaryDir();
          new Journal(folder, fresh);
          for (const { made, cut, checkpoint } of runs) {
            const journal = new Journal(folder);
            let wholeBytes = sizeOf(folder);
            const start = Number(journal.state.position?.after ?? 0);
            for (let number = start + 1; number <= start + made; number += 1) {
              make(journal, number);
            }
            if (checkpoint) {
              journal.checkpoint();
              wholeBytes = sizeOf(folder);
            }
            await truncate(join(folder, 'journal.jsonl'), Math.max(wholeBytes, sizeOf(folder) - cut));
          }
          const last = new Journal(folder);
          for (let number = Number(last.state.position?.after ?? 0) + 1; number <= 40; number += 1) {
            make(last, number);
          }

          expect(last.total).toEqual({ ...noCounts, objects: 40, selected: 40, saved: 27, failed: 13 });
          const failures = (await readFile(join(folder, 'failures.jsonl'), 'utf8')).trim().split('\n');
          expect(new Set(failures).size).toBe(13);
          expect(failures.length).toBe(13);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('a journal is written anew now and then, so that it stays small', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    for (let number = 1; number <= 2_500; number += 1) {
      make(journal, number);
    }

    const lines = (await readFile(join(folder, 'journal.jsonl'), 'utf8')).split('\n');

    expect(lines.length).toBeLessThan(400);
    expect(readJournal(folder)?.state.position).toEqual({ part: 0, after: 2_000 });
  });

  it('a journal takes a long stretch of skipped objects behind a slow one in linear time', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    const slow = journal.begin({ part: 0, after: 0 }, one);
    const startMs = performance.now();

    for (let after = 1; after <= 300_000; after += 1) {
      const item = journal.begin({ part: 0, after }, { objects: 1 });
      journal.skip(item, 'outside-time');
      journal.end(item);
    }
    journal.record(slow, saved('0'));
    journal.end(slow);
    const seconds = (performance.now() - startMs) / 1_000;

    expect(seconds).toBeLessThan(10);
    expect(readJournal(folder)?.state).toMatchObject({
      position: { part: 0, after: 300_000 },
      counts: { objects: 300_001, saved: 1, skipped: { 'outside-time': 300_000 } },
    });
  }, 120_000);

  it('a journal is written anew for a stretch of skipped objects too, so that it is not looked at again', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    for (let after = 1; after <= 2_500; after += 1) {
      journal.end(journal.begin({ part: 0, after }, { objects: 1 }));
    }

    expect(readJournal(folder)?.state.position).toEqual({ part: 0, after: 2_000 });
  });

  it('a journal keeps the failures of the run before when another one begins', async () => {
    const folder = await temporaryDir();
    const before = new Journal(folder, fresh);
    make(before, 3);

    new Journal(folder, { ...fresh, startedAt: '2026-11-27T12:00:00.000Z' });

    expect((await readdir(folder)).sort()).toEqual([
      'failures.jsonl.before-2026-11-27T12-00-00.000Z',
      'journal.jsonl',
    ]);
  });

  it('a journal goes on where somebody took its file of failures away', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    make(journal, 3);
    journal.checkpoint();
    await rm(join(folder, 'failures.jsonl'));

    expect(new Journal(folder).total).toMatchObject({ failed: 1 });
  });

  it('a journal cuts half a failure off its file, which can then be read as a list of keys', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    make(journal, 3);
    await appendFile(join(folder, 'failures.jsonl'), '{"status":"failed","sour');

    const again = new Journal(folder);
    make(again, 3);
    make(again, 6);

    const lines = (await readFile(join(folder, 'failures.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).source)).toEqual(['3', '6']);
  });

  it('a journal is not taken from a file that is none', async () => {
    const folder = await temporaryDir();
    await writeFile(join(folder, 'journal.jsonl'), '{"a":1}\n');

    expect(() => readJournal(folder)).toThrow('journal.jsonl is not the journal of a backfill');
  });

  it('a journal with a line that is none is refused in a sentence, and begun anew where that is wanted', async () => {
    const folder = await temporaryDir();
    new Journal(folder, fresh);
    await appendFile(join(folder, 'journal.jsonl'), '{"x": 1}\n');

    expect(() => readJournal(folder)).toThrow(
      `${join(folder, 'journal.jsonl')} is damaged, at "{\\"x\\": 1}": remove it to begin anew.`,
    );
    new Journal(folder, fresh);

    expect(readJournal(folder)?.lines).toEqual([]);
  });

  it('a journal skips a last line that was cut off', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    make(journal, 1);
    await appendFile(join(folder, 'journal.jsonl'), '{"status":"saved","sour');

    expect(readJournal(folder)?.lines).toEqual([saved('1')]);
  });

  it.each([1, 3])(
    'a journal takes half a line off again that a full disk cut, so that the next one is whole: object %i',
    async (number) => {
      const folder = await temporaryDir();
      const journal = new Journal(folder, fresh);
      const append = fs.appendFileSync;
      const full = vi.spyOn(fs, 'appendFileSync').mockImplementationOnce((file, line, options) => {
        append(file, String(line).slice(0, 20), options);
        throw new Error('ENOSPC: no space left on device');
      });
      onTestFinished(() => full.mockRestore());
      expect(() => make(journal, number)).toThrow('ENOSPC');

      make(journal, number + 3);

      expect(new Journal(folder).state.counts).toMatchObject({ saved: 0, failed: 0 });
      expect(readJournal(folder)?.lines.map(({ source }) => source)).toEqual([`${number + 3}`]);
    },
  );

  it('a journal flushes what it writes to the disk once a second, and failures before it counts them', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const append = vi.spyOn(fs, 'appendFileSync');
    onTestFinished(() => {
      vi.useRealTimers();
      append.mockRestore();
    });
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    for (const number of [1, 2, 3, 4]) {
      vi.advanceTimersByTime(400);
      make(journal, number);
    }
    journal.checkpoint();

    const flushed = append.mock.calls.map(([file, , options]) => [
      basename(String(file)),
      typeof options === 'object' && options?.flush,
    ]);
    expect(flushed).toEqual([
      ['journal.jsonl', true],
      ['journal.jsonl', false],
      ['failures.jsonl', false],
      ['journal.jsonl', true],
      ['failures.jsonl', true],
    ]);
  });

  it.runIf(hasFullDevice)('a journal does not count what a full disk did not take', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    await symlink('/dev/full', join(folder, 'failures.jsonl'));

    expect(() => make(journal, 3)).toThrow('ENOSPC');

    expect(journal.total).toMatchObject({ objects: 1, failed: 0 });
  });
});

const sizeOf = (folder: string) => statSync(join(folder, 'journal.jsonl')).size;
