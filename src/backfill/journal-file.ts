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
  // Other counts, such as outputs that were skipped, by reason.
  .catchall(z.number());

/** One thing that was done beyond the position: an output, or a whole object. */
const lineSchema = z.looseObject({
  /** The count that it adds to; `done` marks the end of an object whose outputs have lines of their own. */
  status: z.string(),
  /** `oss://bucket/key`. */
  source: z.string(),
  target: z.string().optional(),
  /** 1 in the last line of each object. */
  objects: z.number().optional(),
  /** A later attempt may succeed: the next run makes one, unless the position has moved past it. */
  mayHeal: z.boolean().optional(),
});

/** The first line of the file: how far the backfill has got. */
const stateSchema = z.object({
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  /** How many selected objects the user agreed to; absent for all of them. */
  endsAt: z.number().optional(),
  /** Digests of the rules and of the list of objects at the start. */
  rules: z.string(),
  input: z.string(),
  /** How many objects a rule takes, as the dry run counted them. */
  expectedSelected: z.number(),
  /** `counts` includes all objects up to here. */
  position: z.object({ part: z.number(), after: z.union([z.string(), z.number()]) }).optional(),
  counts: countsSchema,
  /** The size of the failures file when it had the failures of exactly these objects. */
  failuresBytes: z.number(),
});

/** Counts of objects and of their outputs, by what became of them. */
export type Counts = z.infer<typeof countsSchema>;
export type JournalState = z.infer<typeof stateSchema>;
export type Line = z.infer<typeof lineSchema>;

/** A journal's state, and what was done beyond its position. */
export interface StoredJournal {
  state: JournalState;
  lines: Line[];
}

const fileOf = (folder: string) => join(folder, 'journal.jsonl');
/** The file that tells people what failed. It need not exist. */
export const failuresFileOf = (folder: string) => join(folder, 'failures.jsonl');
/** The size of that file, or 0 if there is none. */
export const failuresBytesOf = (folder: string) => sizeOf(failuresFileOf(folder));

/**
 * Reads the journal of a folder: its state in the first line, and what was done beyond that in the others.
 * Undefined if there is none. If the first line is not ours, `restart` treats the journal as missing; without
 * `restart` this throws.
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
  // One at a time, because an array of 100,000 lines would take another 150 MB.
  for (const [line] of text.slice(first.length).matchAll(/[^\n]+/g)) {
    // The process may have been killed, or the disk have been full, in the middle of the last line.
    const { data } = lineSchema.safeParse(parseJson(line));
    if (data !== undefined && data.mayHeal !== true) {
      lines.push(data);
    }
  }
  return { state: state.data, lines };
}

/** Replaces the journal. The disk has the old one or the new one, and all failures that it counts. */
export function writeJournal(folder: string, state: JournalState, lines: readonly Line[]): void {
  if (failuresBytesOf(folder) > 0) {
    fs.appendFileSync(failuresFileOf(folder), '', { flush: true });
  }
  fs.writeFileSync(`${fileOf(folder)}.tmp`, format([state, ...lines]), { flush: true });
  fs.renameSync(`${fileOf(folder)}.tmp`, fileOf(folder));
}

/** Appends a line to the journal and, if it is a failure, to the failures file. */
export function appendLine(folder: string, line: Line): void {
  const file = fileOf(folder);
  const sizeBytes = sizeOf(file);
  try {
    fs.appendFileSync(file, format([line]));
  } catch (error) {
    // Otherwise the next line would continue half of this one, and be lost.
    fs.truncateSync(file, sizeBytes);
    throw error;
  }
  if (line.status === 'failed') {
    fs.appendFileSync(failuresFileOf(folder), format([line]));
  }
}

/** Truncates the failures file to `failuresBytes`, then appends lines to it. */
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
