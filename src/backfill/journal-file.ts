import fs from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../json.ts';

const countsSchema = z
  .object({
    objects: z.number(),
    /** The objects that a rule takes. */
    selected: z.number(),
    /** Outputs. */
    saved: z.number(),
    failed: z.number(),
  })
  // Objects and outputs for which there was nothing to do, by reason.
  .catchall(z.number());

/** One thing that is done beyond the position: an output, or an object as a whole. */
const lineSchema = z.looseObject({
  /** A name of the counts; `done` ends an object whose outputs have lines of their own. */
  status: z.string(),
  /** `oss://bucket/key`. */
  source: z.string(),
  target: z.string().optional(),
  /** 1 in the line that is the last of its object. */
  objects: z.number().optional(),
  /** It counts only once the position moves; before that, the next run does it again. */
  mayHeal: z.boolean().optional(),
});

/** The state of a backfill. */
const stateSchema = z.object({
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  /** The person agreed to this many selected objects; to all of them where absent. */
  endsAt: z.number().optional(),
  /** Digests of the rules and of the list of objects that it began with. */
  rules: z.string(),
  input: z.string(),
  /** The objects that a rule takes, as the dry run counted them. */
  expectedSelected: z.number(),
  /** All objects up to here are accounted for in `counts`, */
  position: z.object({ part: z.number(), after: z.union([z.string(), z.number()]) }).optional(),
  counts: countsSchema,
  /** and what failed of them in so many bytes of the file of failures. */
  failuresBytes: z.number(),
});

/** Counts of objects and of their outputs, by what became of them. */
export type Counts = z.infer<typeof countsSchema>;
export type JournalState = z.infer<typeof stateSchema>;
export type Line = z.infer<typeof lineSchema>;

/** The state of a journal, and what was done beyond its position. */
export interface StoredJournal {
  state: JournalState;
  lines: Line[];
}

const fileOf = (folder: string) => join(folder, 'journal.jsonl');
/** The file in which the journal of a folder tells people what failed, which need not exist. */
export const failuresFileOf = (folder: string) => join(folder, 'failures.jsonl');
/** The size of that file, 0 where there is none. */
export const failuresBytesOf = (folder: string) => sizeOf(failuresFileOf(folder));

/**
 * Reads how far the backfill of a folder came, the first line of its journal, and what it did beyond that,
 * which the others tell; undefined where there is no journal. Where its first line is none of ours there is
 * none for `restart`, which begins it anew; else that throws.
 */
export function readJournal(folder: string, restart = false): StoredJournal | undefined {
  const file = fileOf(folder);
  if (!fs.existsSync(file)) {
    return undefined;
  }
  const text = fs.readFileSync(file, 'utf8');
  const first = text.slice(0, text.indexOf('\n'));
  const state = stateSchema.safeParse(parseJson(first));
  if (!state.success) {
    if (restart) {
      return undefined;
    }
    throw new Error(`${file} is no journal of this version of oss-saveas: give --restart to start over.`);
  }
  const lines: Line[] = [];
  // One by one: an array of 100,000 texts would take 150 MB more for the whole chunk.
  for (const [line] of text.slice(first.length).matchAll(/[^\n]+/g)) {
    // A kill or a full disk may have cut off the last one.
    const { data } = lineSchema.safeParse(parseJson(line));
    if (data !== undefined && data.mayHeal !== true) {
      lines.push(data);
    }
  }
  return { state: state.data, lines };
}

/** Writes the journal anew: the disk has the old one or the new one, and the failures that it counts. */
export function writeJournal(folder: string, state: JournalState, lines: readonly Line[]): void {
  if (failuresBytesOf(folder) > 0) {
    fs.appendFileSync(failuresFileOf(folder), '', { flush: true });
  }
  fs.writeFileSync(`${fileOf(folder)}.tmp`, format([state, ...lines]), { flush: true });
  fs.renameSync(`${fileOf(folder)}.tmp`, fileOf(folder));
}

/** Adds a line to the journal, and tells people of a failure. */
export function appendLine(folder: string, line: Line): void {
  const file = fileOf(folder);
  const sizeBytes = sizeOf(file);
  try {
    fs.appendFileSync(file, format([line]));
  } catch (error) {
    // The next line would be lost behind half of this one.
    fs.truncateSync(file, sizeBytes);
    throw error;
  }
  if (line.status === 'failed') {
    fs.appendFileSync(failuresFileOf(folder), format([line]));
  }
}

/** Cuts the file of failures at so many bytes, and puts lines behind them. */
export function resetFailures(folder: string, failuresBytes: number, lines: readonly Line[]): void {
  const file = failuresFileOf(folder);
  if (sizeOf(file) > failuresBytes) {
    fs.truncateSync(file, failuresBytes);
  }
  if (lines.length > 0) {
    fs.appendFileSync(file, format(lines));
  }
}

function format(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
