import fs from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fieldsOf, parseJson } from '../json.ts';

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

/** One thing that is done beyond the position: an output, or an object as a whole. */
const lineSchema = z.looseObject({
  /** Nothing is left of an object that is `done`, whose outputs have lines of their own. */
  status: z.enum(['saved', 'skipped', 'failed', 'done']),
  /** `oss://bucket/key`. */
  source: z.string(),
  target: z.string().optional(),
  reason: z.string().optional(),
  /** 1 in the line that is the last of its object. */
  objects: z.number().optional(),
});

/** The first journals had other lines. */
const version = 2;

/** The state of a backfill. */
const stateSchema = z.object({
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  /** The place where it works, in words. */
  endpoint: z.string(),
  /** The person agreed to this many selected objects; to all of them where absent. */
  endsAt: z.number().optional(),
  /** Digests of the rules and of the list of objects that it began with. */
  rules: z.string(),
  input: z.string(),
  /** The objects that a rule takes, as the dry run counted them. */
  expectedSelected: z.number(),
  /** All objects up to here are accounted for in `counts`. */
  position: z.object({ part: z.number(), after: z.union([z.string(), z.number()]) }).optional(),
  counts: countsSchema,
  /** The failures in this many bytes of their file, and the `held` ones, which come next, are in `counts`. */
  failuresBytes: z.number().optional(),
  held: z.array(lineSchema).optional(),
});

export type Counts = z.infer<typeof countsSchema>;
export type JournalState = z.infer<typeof stateSchema>;
export type Line = z.infer<typeof lineSchema>;

/** The state of a journal, and what was done beyond its position. */
export interface StoredJournal {
  state: JournalState;
  lines: Line[];
}

const fileOf = (folder: string) => join(folder, 'journal.jsonl');
/** The file in which the journal of a folder keeps its failures, which need not exist. */
export const failuresFileOf = (folder: string) => join(folder, 'failures.jsonl');
/** The size of that file, 0 where there is none. */
export const failuresBytesOf = (folder: string) => sizeOf(failuresFileOf(folder));

/**
 * Reads how far the backfill of a folder came, and what it did beyond `position`; undefined where there is
 * none. The first line of `journal.jsonl` is the state. Each further one, like those that `failures.jsonl`
 * has since then, is one thing that was done. A last line that a kill or a full disk cut off does not count.
 * Throws where the journal of an unfinished backfill cannot be read.
 */
export function readJournal(folder: string): StoredJournal | undefined {
  if (!fs.existsSync(fileOf(folder))) {
    return undefined;
  }
  const [first = '', ...lines] = readLines(fileOf(folder));
  const state = readState(fileOf(folder), first);
  if (state === undefined) {
    return undefined;
  }
  // Somebody may have taken the failures away.
  const failuresBytes = Math.min(state.failuresBytes ?? 0, failuresBytesOf(folder));
  const done = lines.map((line) => parseLine(fileOf(folder), line));
  const failures = readLines(failuresFileOf(folder), failuresBytes);
  const failed = failures.map((line) => parseLine(failuresFileOf(folder), line));
  const { held = [] } = state;
  for (const line of held.slice(failed.length)) {
    // A kill or a full disk came before it was in the file.
    appendLine(folder, line);
  }
  return { state: { ...state, failuresBytes }, lines: [...done, ...failed.slice(held.length)] };
}

/** Reads the first line of a journal; undefined where it is finished and of another version. */
function readState(file: string, text: string): JournalState | undefined {
  const fields = fieldsOf(parseJson(text));
  const isOfOtherVersion = fields.startedAt !== undefined && fields.version !== version;
  if (isOfOtherVersion && fields.finishedAt !== undefined) {
    return undefined;
  }
  if (isOfOtherVersion) {
    throw new Error(
      `${file} is of another version of oss-saveas: finish it by that one, or remove it to begin anew.`,
    );
  }
  const state = stateSchema.safeParse(fields);
  if (!state.success) {
    throw new Error(`${file} is not the journal of a backfill: give --journal another folder.`);
  }
  return state.data;
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
  if (failuresBytesOf(folder) > 0) {
    fs.appendFileSync(failuresFileOf(folder), '', { flush: true });
  }
  // Failures have a file of their own.
  const done = lines.filter(({ status }) => status !== 'failed');
  const content = [{ version, ...state }, ...done].map((line) => `${JSON.stringify(line)}\n`);
  fs.writeFileSync(`${fileOf(folder)}.tmp`, content.join(''), { flush: true });
  fs.renameSync(`${fileOf(folder)}.tmp`, fileOf(folder));
}

/** Adds a line to the journal or its failures: all of it or, where the disk is full, nothing. */
export function appendLine(folder: string, line: Line): void {
  const file = line.status === 'failed' ? failuresFileOf(folder) : fileOf(folder);
  const sizeBytes = sizeOf(file);
  try {
    fs.appendFileSync(file, `${JSON.stringify(line)}\n`);
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
