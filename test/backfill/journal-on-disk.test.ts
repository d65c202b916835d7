import fs, { existsSync } from 'node:fs';
import { appendFile, rm, symlink, truncate } from 'node:fs/promises';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Journal, noCounts } from '../../src/backfill/journal.ts';
import { readJournal } from '../../src/backfill/journal-file.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { done, failed, fresh, healing, make, output, readFailures, saved } from './journal-lines.ts';

/** Linux has a device that takes nothing. */
const hasFullDevice = existsSync('/dev/full');

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

describe('a journal on a disk that is full, or after a kill', () => {
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

  it('a journal has its failures and itself on the disk before it takes the place of the old one', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    journal.record(failed('a'));
    const calls: unknown[] = [];
    const note = (call: string) => (file: unknown, _: unknown, options?: unknown) => {
      calls.push([call, basename(String(file)), options]);
    };
    const spies = [
      vi.spyOn(fs, 'appendFileSync').mockImplementation(note('append')),
      vi.spyOn(fs, 'writeFileSync').mockImplementation(note('write')),
      vi.spyOn(fs, 'renameSync').mockImplementation(note('rename')),
    ];

    journal.checkpoint({ position: { part: 0, after: 1 } });

    spies.map((spy) => spy.mockRestore());
    expect(calls).toEqual([
      ['append', 'failures.jsonl', { flush: true }],
      ['write', 'journal.jsonl.tmp', { flush: true }],
      ['rename', 'journal.jsonl.tmp', undefined],
    ]);
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

  it('a journal has the failures of a chunk tried again that a full disk did not take', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    journal.record(failed('a'));
    journal.record(healing(failed('b')));
    const empty = fillDisk(1); // It has no room for the journal that counts it.
    onTestFinished(empty);
    expect(() => journal.checkpoint({ position: { part: 0, after: 2 } })).toThrow('ENOSPC');
    empty();
    expect(await readFailures(folder)).toEqual(['a', 'b']);

    const again = new Journal(folder);

    expect(await readFailures(folder)).toEqual(['a']);
    expect(again.state.position).toBeUndefined();
    expect(again.total).toEqual({ ...noCounts, failed: 1 });
  });

  it('a journal begins the file of failures anew where somebody took it away', async () => {
    const folder = await temporaryDir();
    const journal = new Journal(folder, fresh);
    journal.record(failed('a'));
    journal.checkpoint({ position: { part: 0, after: 1 } });
    await rm(join(folder, 'failures.jsonl'));
    const before = new Journal(folder);
    before.record(failed('b'));
    before.record(healing(failed('c')));

    new Journal(folder);

    expect(await readFailures(folder)).toEqual(['b']);
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
