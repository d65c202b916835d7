import fs, { existsSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  expectedSelected: 9,
  counts: noCounts,
};

const output = (source: string) => ({ source, target: `to-${source}` });
const saved = (source: string) => ({ ...output(source), status: 'saved' as const });
const failed = (source: string) => ({ ...output(source), status: 'failed' as const });
const end = (source: string) => ({ source, objects: 1 });
const done = (source: string) => ({ ...end(source), status: 'done' as const });

/** Does what is left of an object with one output: each third fails for good, each fifth may heal. */
function make(journal: Journal, number: number, call: (number: number) => void = () => {}): void {
  const source = `${number}`;
  if (journal.recall(end(source))) {
    return;
  }
  if (!journal.recall(output(source))) {
    call(number);
    if (number % 5 === 0) {
      journal.hold(failed(source));
    } else {
      journal.record(number % 3 === 0 ? failed(source) : saved(source));
    }
    if (number % 5 === 0 || number % 3 === 0) {
      journal.hold(done(source));
      return;
    }
  }
  journal.record(done(source));
}

const readFailures = async (folder: string) => {
  const lines = (await readFile(join(folder, 'failures.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line).source);
};

/** Has the disk take so many more writes, and half of the next one. The answer empties it again. */
function fillDisk(writesLeft: number): () => void {
  let left = writesLeft;
  const { writeFileSync, renameSync } = fs;
  const isFull = () => {
    left -= 1;
    return left < 0;
  };
  const full = new Error('ENOSPC: no space left on device');
  const spies = [
    vi.spyOn(fs, 'appendFileSync').mockImplementation((file, text) => {
      const isLast = isFull();
      const descriptor = fs.openSync(String(file), 'a');
      fs.writeSync(descriptor, isLast ? String(text).slice(0, 20) : String(text));
      fs.closeSync(descriptor);
      if (isLast) {
        throw full;
      }
    }),
    vi.spyOn(fs, 'writeFileSync').mockImplementation((file, text, options) => {
      const isLast = isFull();
      writeFileSync(file, isLast ? String(text).slice(0, 20) : text, options);
      if (isLast) {
        throw full;
      }
    }),
    vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      if (isFull()) {
        throw full;
      }
      renameSync(from, to);
    }),
  ];
  return () => {
    for (const spy of spies) {
      spy.mockRestore();
    }
  };
}

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

  it('a journal counts a failure that is held, and writes it away with its chunk', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    journal.hold(failed('a'));
    expect(journal.total).toMatchObject({ failed: 1 });
    expect(existsSync(join(folder, 'failures.jsonl'))).toBe(false);

    journal.checkpoint({ position: { part: 0, after: 1 } });

    expect(await readFailures(folder)).toEqual(['a']);
    expect(new Journal(folder).total).toMatchObject({ failed: 1 });
  });

  it('a journal forgets a failure that is held where its chunk does not come to its end', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    journal.hold(failed('a'));
    journal.hold(done('a'));
    journal.record(saved('b'));

    const again = new Journal(folder);

    expect(again.total).toEqual({ ...noCounts, saved: 1 });
    expect([again.recall(end('a')), again.recall(output('a'))]).toEqual([false, false]);
  });

  it('a journal counts and makes every object once, whatever write a full disk or a kill meets', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(70), { maxLength: 6 }), async (diskSizes) => {
        const folder = await temporaryDir();
        new Journal(folder, fresh);
        const calls: number[] = [];
        const run = () => {
          const journal = new Journal(folder);
          for (let number = Number(journal.state.position?.after ?? 0) + 1; number <= 40; number += 1) {
            make(journal, number, (made) => calls.push(made));
            if (number % 10 === 0) {
              journal.checkpoint({ position: { part: 0, after: number } });
            }
          }
          return journal;
        };
        for (const writes of diskSizes) {
          const empty = fillDisk(writes);
          expect(() => {
            run();
            run(); // It writes the journal anew, however little is left to do.
            throw new Error('ENOSPC by chance');
          }).toThrow('ENOSPC');
          empty();
        }
        const { total } = run();

        expect(total).toEqual({ ...noCounts, objects: 40, selected: 40, saved: 21, failed: 19 });
        const failures = (await readFailures(folder)).map(Number).sort((a, b) => a - b);
        const broken = Array.from({ length: 40 }, (_, i) => i + 1).filter((n) => n % 3 === 0 || n % 5 === 0);
        expect(failures).toEqual(broken);
        // The call under way at each end, and those whose failures may heal, are made again.
        const lasting = calls.filter((number) => number % 5 !== 0);
        expect(lasting.length - new Set(lasting).size).toBeLessThanOrEqual(diskSizes.length);
      }),
      { numRuns: 25 },
    );
  });

  it('a journal counts every object once, at whatever byte a kill cuts its lines', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ made: fc.nat(6), cut: fc.nat(120), name: fc.constantFrom('journal', 'failures') }),
          {
            maxLength: 5,
          },
        ),
        async (runs) => {
          const folder = await temporaryDir();
          new Journal(folder, fresh);
          for (const { made, cut, name } of runs) {
            const journal = new Journal(folder);
            const file = join(folder, `${name}.jsonl`);
            const wholeBytes = sizeOf(file);
            for (let number = 1; number <= made; number += 1) {
              make(journal, number);
            }
            if (sizeOf(file) > wholeBytes) {
              await truncate(file, Math.max(wholeBytes, sizeOf(file) - cut));
            }
          }
          const last = new Journal(folder);
          for (let number = 1; number <= 12; number += 1) {
            make(last, number);
          }
          last.checkpoint({});

          expect(last.total).toMatchObject({ objects: 12, saved: 6 });
          expect(new Set(await readFailures(folder))).toEqual(new Set(['3', '5', '6', '9', '10', '12']));
        },
      ),
      { numRuns: 15 },
    );
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

  it('a journal cuts half a failure off its file, which can then be read as a list of keys', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    make(journal, 3);
    await appendFile(join(folder, 'failures.jsonl'), '{"status":"failed","sour');

    const again = new Journal(folder);
    make(again, 3);
    make(again, 6);

    expect(await readFailures(folder)).toEqual(['3', '6']);
  });

  it('a journal is not taken from a file that is none', async () => {
    const folder = await temporaryDir();
    await writeFile(join(folder, 'journal.jsonl'), '{"a":1}\n');

    expect(() => readJournal(folder)).toThrow('journal.jsonl is not the journal of a backfill');
  });

  it('a journal of an earlier version is refused where it is unfinished, and not needed else', async () => {
    const folder = await temporaryDir();
    const earlier = { ...fresh, expectedObjects: 9, failuresBytes: 0 };
    const batch = { status: 'saved', source: 'backfill-20261126-ab', outputs: 50, failed: 0, skipped: {} };
    const write = (state: object) =>
      writeFile(join(folder, 'journal.jsonl'), `${JSON.stringify(state)}\n${JSON.stringify(batch)}\n`);

    await write(earlier);
    expect(() => readJournal(folder)).toThrow(
      'journal.jsonl is of another version of oss-saveas: finish it by that one, or remove it to begin anew.',
    );
    await write({ ...earlier, finishedAt: '2026-11-26T13:00:00.000Z' });
    expect(readJournal(folder)).toBeUndefined();
  });

  it('a journal with a broken line is refused in a sentence, and begun anew on demand', async () => {
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

    expect(readJournal(folder)?.lines).toEqual([saved('1'), done('1')]);
  });

  it.each([1, 3])(
    'a journal takes half a line off again that a full disk cut, so that the next one is whole: object %i',
    async (number) => {
      const folder = await temporaryDir();
      const journal = new Journal(folder, fresh);
      const empty = fillDisk(0);
      onTestFinished(empty);
      expect(() => make(journal, number)).toThrow('ENOSPC');
      empty();

      make(journal, number + 3);

      const again = new Journal(folder);
      expect([again.recall(output(`${number}`)), again.recall(output(`${number + 3}`))]).toEqual([
        false,
        true,
      ]);
    },
  );

  it('a journal adds the failures of a chunk that a full disk did not take, once there is room', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    for (const source of ['a', 'b', 'c']) {
      journal.hold(failed(source));
    }
    const empty = fillDisk(3); // The journal, its new name, and one of the failures.
    onTestFinished(empty);
    expect(() => journal.checkpoint({ position: { part: 0, after: 3 } })).toThrow('ENOSPC');
    empty();
    expect(await readFailures(folder)).toEqual(['a']);

    const again = new Journal(folder);

    expect(await readFailures(folder)).toEqual(['a', 'b', 'c']);
    expect(again.state.position).toEqual({ part: 0, after: 3 });
    expect(new Journal(folder).total).toEqual({ ...noCounts, failed: 3 });
    expect(await readFailures(folder)).toEqual(['a', 'b', 'c']);
  });

  it.runIf(hasFullDevice)('a journal does not count what a full disk did not take', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    await symlink('/dev/full', join(folder, 'failures.jsonl'));

    expect(() => make(journal, 3)).toThrow('ENOSPC');

    expect(journal.total).toEqual(noCounts);
  });
});

const sizeOf = (file: string) => (existsSync(file) ? fs.statSync(file).size : 0);
