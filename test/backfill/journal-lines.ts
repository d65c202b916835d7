import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Journal, noCounts } from '../../src/backfill/journal.ts';
import type { JournalState } from '../../src/backfill/journal-file.ts';

/** The state of a backfill that has just begun. */
export const fresh: JournalState = {
  startedAt: '2026-11-26T12:00:00.000Z',
  rules: 'r',
  input: '',
  expectedSelected: 9,
  counts: noCounts,
  failuresBytes: 0,
};

export const output = (source: string) => ({ source, target: `to-${source}` });
export const saved = (source: string) => ({ ...output(source), status: 'saved' as const });
export const failed = (source: string) => ({ ...output(source), status: 'failed' as const });
export const end = (source: string) => ({ source, objects: 1 });
export const done = (source: string) => ({ ...end(source), status: 'done' as const });

/** The same, should the next run do it again where its chunk did not come to its end. */
export const healing = <Line extends object>(line: Line) => ({ ...line, mayHeal: true });

/** Does what is left of an object with one output: each third fails for good, each fifth may heal. */
export function make(journal: Journal, number: number, call: (number: number) => void = () => {}): void {
  const source = `${number}`;
  if (journal.recall(end(source))) {
    return;
  }
  if (!journal.recall(output(source))) {
    call(number);
    if (number % 5 === 0) {
      journal.record(healing(failed(source)));
    } else {
      journal.record(number % 3 === 0 ? failed(source) : saved(source));
    }
    if (number % 5 === 0 || number % 3 === 0) {
      journal.record(healing(done(source)));
      return;
    }
  }
  journal.record(done(source));
}

/** The sources in the file of failures. */
export const readFailures = async (folder: string) => {
  const lines = (await readFile(join(folder, 'failures.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line).source);
};
