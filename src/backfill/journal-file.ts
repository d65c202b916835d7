import fs from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../json.ts';

/** Counts of objects and of their outputs, by what became of them. */
const countsSchema = z.object({
  objects: z.number(),
  /** The objects that a rule takes. */
  selected: z.number(),
  /** Outputs. */
  saved: z.number(),
  failed: z.number(),
  /** Objects and outputs for which there was nothing to do, by reason. */
  skipped: z.record(z.string(), z.number()),
});

/** The state of a backfill. */
const stateSchema = z.object({
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  /** The place where it works, in words. */
  endpoint: z.string(),
  /** The person agreed to so many selected objects; to all of them where absent. */
  endsAt: z.number().optional(),
  /** Digests of the rules and of the list of objects that it began with. */
  rules: z.string(),
  input: z.string(),
  /** The dry run counted so many objects. */
  expectedObjects: z.number(),
  /** All objects up to here are accounted for in `counts`. */
  position: z.object({ part: z.number(), after: z.union([z.string(), z.number()]) }).optional(),
  counts: countsSchema,
});

/** One thing that is done. */
const lineSchema = z.looseObject({
  status: z.enum(['saved', 'skipped', 'failed']),
  /** `oss://bucket/key`, or the id of a batch. */
  source: z.string(),
  target: z.string().optional(),
  reason: z.string().optional(),
  /** How many outputs it stands for; 1 where absent. */
  outputs: z.number().optional(),
  /** Failures of the batch; each has a line of its own, which names the batch and counts nothing. */
  failed: z.number().optional(),
  batch: z.string().optional(),
  /** Other outputs and objects of the batch, by reason. */
  skipped: z.record(z.string(), z.number()).optional(),
});

export type Counts = z.infer<typeof countsSchema>;
export type JournalState = z.infer<typeof stateSchema>;
export type Line = z.infer<typeof lineSchema>;

export type StoredJournal = NonNullable<ReturnType<typeof readJournal>>;

const fileOf = (folder: string) => join(folder, 'journal.jsonl');
export const failuresFileOf = (folder: string) => join(folder, 'failures.jsonl');

/**
 * Reads how far the backfill of a folder came, and what it did beyond `position`; undefined where there is none. The
 * first line of `journal.jsonl` is the state, and each further one, like those that `failures.jsonl` has since then, is
 * one thing that was done. A last line that was cut off by a kill or a full disk does not count.
 */
export function readJournal(folder: string) {
  if (!fs.existsSync(fileOf(folder))) {
    return undefined;
  }
  const [first = '', ...lines] = readLines(fileOf(folder));
  const parsed = stateSchema.extend({ failuresBytes: z.number() }).safeParse(parseJson(first));
  if (!parsed.success) {
    throw new Error(`${fileOf(folder)} is not the journal of a backfill: give --journal another folder.`);
  }
  const { failuresBytes, ...state } = parsed.data;
  const done = lines.map((line) => parseLine(fileOf(folder), line));
  const failures = readLines(failuresFileOf(folder), failuresBytes);
  const failed = failures.map((line) => parseLine(failuresFileOf(folder), line));
  return { state, lines: [...done, ...failed] };
}

/** Reads a line of a file, in which we write nothing else. */
function parseLine(file: string, text: string): Line {
  const line = lineSchema.safeParse(parseJson(text));
  if (!line.success) {
    throw new Error(`${file} is damaged, at ${JSON.stringify(text.slice(0, 60))}: remove it to begin anew.`);
  }
  return line.data;
}

/** The whole lines behind `start`; whatever is left of another one is cut off the file. */
function readLines(file: string, start = 0): string[] {
  if (sizeOf(file) <= start) {
    return [];
  }
  const content = Buffer.alloc(sizeOf(file) - start);
  const descriptor = fs.openSync(file, 'r');
  fs.readSync(descriptor, content, 0, content.length, start);
  fs.closeSync(descriptor);
  const end = content.lastIndexOf(0x0a) + 1;
  fs.truncateSync(file, start + end);
  return content.subarray(0, end).toString().split('\n').slice(0, -1);
}

/** Writes the journal anew: the disk has the old one or the new one, and the failures that it counts. */
export function writeJournal(folder: string, state: JournalState, lines: readonly Line[]): void {
  const failuresBytes = sizeOf(failuresFileOf(folder));
  if (failuresBytes > 0) {
    fs.appendFileSync(failuresFileOf(folder), '', { flush: true });
  }
  const content = [{ ...state, failuresBytes }, ...lines].map((line) => `${JSON.stringify(line)}\n`);
  fs.writeFileSync(`${fileOf(folder)}.tmp`, content.join(''), { flush: true });
  fs.renameSync(`${fileOf(folder)}.tmp`, fileOf(folder));
}

/** Adds a line to the journal or its failures: all of it or, where the disk is full, nothing that would spoil the next one. */
export function appendLine(folder: string, line: Line, flush: boolean): void {
  const file = line.status === 'failed' ? failuresFileOf(folder) : fileOf(folder);
  const sizeBytes = sizeOf(file);
  try {
    fs.appendFileSync(file, `${JSON.stringify(line)}\n`, { flush });
  } catch (error) {
    if (sizeOf(file) > sizeBytes) {
      fs.truncateSync(file, sizeBytes);
    }
    throw error;
  }
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
