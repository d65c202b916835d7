import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal, noCounts } from '../../src/backfill/journal.ts';
import { readJournal } from '../../src/backfill/journal-file.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { done, end, failed, fresh, healing, make, output, readFailures, saved } from './journal-lines.ts';

describe('a journal', () => {
  it('a journal knows what was done beyond its position, and has counted it', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    make(journal, 1);
    journal.checkpoint({ position: { part: 0, after: 1 } });
    make(journal, 2);
    make(journal, 3);
    journal.record(saved('4'));

    const again = new Journal(folder);

    expect(again.state.position).toEqual({ part: 0, after: 1 });
    expect(again.state.counts).toEqual({ ...noCounts, objects: 1, selected: 1, saved: 1 });
    expect(again.total).toEqual({ ...noCounts, objects: 2, selected: 2, saved: 3, failed: 1 });
    expect([end('2'), output('2'), output('3'), output('4')].map((id) => again.recall(id))).toEqual(
      Array(4).fill(true),
    );
    expect([end('1'), end('3'), end('4'), output('5')].map((id) => again.recall(id))).toEqual(
      Array(4).fill(false),
    );
    expect(again.total).toEqual({ ...noCounts, objects: 2, selected: 2, saved: 3, failed: 1 });
  });

  it('a journal knows a thing as often as it was done, since a list of keys may name it twice', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    journal.record(done('a'));
    journal.record(done('a'));

    const again = new Journal(folder);

    expect([1, 2, 3].map(() => again.recall(end('a')))).toEqual([true, true, false]);
  });

  it('a journal goes on beside more failures than fit into memory', async () => {
    const folder = await temporaryDir();
    const failures = join(folder, 'failures.jsonl');
    const journal = new Journal(folder, fresh);
    await writeFile(failures, '');
    await truncate(failures, 5 * 2 ** 30); // It takes no room on the disk.
    journal.checkpoint({});
    journal.record(failed('a'));

    expect(new Journal(folder).recall(output('a'))).toBe(true);
  });

  it('a journal counts a failure that may heal once its chunk has come to its end', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    journal.record(healing(failed('a')));
    expect([journal.total.failed, journal.failuresToRetry]).toEqual([1, 1]);

    journal.checkpoint({ position: { part: 0, after: 1 } });

    expect(await readFailures(folder)).toEqual(['a']);
    expect([new Journal(folder).total.failed, journal.failuresToRetry]).toEqual([1, 0]);
  });

  it('a journal forgets a failure that may heal where its chunk does not come to its end', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    journal.record(failed('c'));
    journal.record(healing(failed('a')));
    journal.record(healing(done('a')));
    journal.record(saved('b'));

    const again = new Journal(folder);

    expect(again.total).toEqual({ ...noCounts, saved: 1, failed: 1 });
    expect([again.recall(end('a')), again.recall(output('a'))]).toEqual([false, false]);
    expect(await readFailures(folder)).toEqual(['c']);
  });

  it('a journal is written anew for each chunk, so that it stays small', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    for (let number = 1; number <= 500; number += 1) {
      make(journal, number);
    }
    journal.checkpoint({ position: { part: 0, after: 500 } });

    expect((await readFile(join(folder, 'journal.jsonl'), 'utf8')).length).toBeLessThan(20_000);
    expect(readJournal(folder)).toMatchObject({ state: { position: { after: 500 } }, lines: [] });
  });

  it('a journal goes on for as many objects as are asked for, behind those that it has', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh, 4);
    expect(journal.selectedLeft()).toBe(4);
    make(journal, 1);

    expect(new Journal(folder, undefined, 4).selectedLeft()).toBe(5);
    expect(new Journal(folder).selectedLeft()).toBe(Number.POSITIVE_INFINITY);
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
    make(journal, 6);
    journal.checkpoint({});
    await rm(join(folder, 'failures.jsonl'));

    const again = new Journal(folder);
    make(again, 9);

    expect(again.total).toMatchObject({ failed: 3 });
    expect(new Journal(folder).recall(output('9'))).toBe(true);
  });

  it('a journal forgets behind its position what was done before it', async () => {
    const folder = await temporaryDir();
    new Journal(folder, fresh).record(saved('a'));
    const again = new Journal(folder);

    again.checkpoint({ position: { part: 0, after: 500 } });

    expect(again.recall(output('a'))).toBe(false);
  });

  it('a journal is not taken from a file that is none, nor from one of an earlier version', async () => {
    const folder = await temporaryDir();
    const { failuresBytes: _, ...earlier } = fresh;

    for (const state of [{ a: 1 }, { version: 2, ...earlier, held: [] }]) {
      await writeFile(join(folder, 'journal.jsonl'), `${JSON.stringify(state)}\n`);
      expect(() => readJournal(folder)).toThrow(
        'journal.jsonl is no journal of this version of oss-saveas: give --restart to start over.',
      );
    }
  });
});
