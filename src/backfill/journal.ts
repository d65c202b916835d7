import fs from 'node:fs';
import {
  appendLine,
  type Counts,
  failuresBytesOf,
  failuresFileOf,
  type JournalState,
  type Line,
  readJournal,
  resetFailures,
  type StoredJournal,
  writeJournal,
} from './journal-file.ts';

/** Identifies an output or, with `objects`, the end of an object. */
type LineId = Pick<Line, 'source' | 'target' | 'objects'>;

export const noCounts: Counts = { objects: 0, selected: 0, saved: 0, failed: 0 };

/**
 * The memory of one backfill on disk. Its position moves by one chunk of objects at a time, and each thing
 * that is done in the current chunk gets a line. The line is in the file when `record` returns, so a process
 * that is killed loses only the calls that it was making.
 */
export class Journal {
  /** The state on disk, which covers everything up to its position. */
  state: JournalState;
  /** Counts of everything that was done so far, in this run and before it. */
  readonly total: Counts;
  /** Failures that the next run retries if this one does not complete the current chunk. */
  failuresToRetry = 0;
  /** Sources with lines of earlier runs beyond the position that this run has not read yet. */
  readonly unread: Set<string>;
  readonly #folder: string;
  /** How often earlier runs did each thing in the current chunk: a list of keys may name it twice. */
  readonly #earlier = new Map<string, number>();

  /**
   * Opens the journal of a folder and continues it, for up to `max` more objects that a rule takes. With
   * `fresh` it starts a new journal, and keeps the failures of the old one in a file of their own.
   */
  constructor(folder: string, fresh?: JournalState, max?: number) {
    const failuresFile = failuresFileOf(folder);
    if (fresh !== undefined && fs.existsSync(failuresFile)) {
      fs.renameSync(failuresFile, `${failuresFile}.before-${fresh.startedAt.replaceAll(':', '-')}`);
    }
    const stored = fresh === undefined ? readJournal(folder) : { state: fresh, lines: [] };
    if (stored === undefined) {
      throw new Error(`${folder} holds no journal.`);
    }
    const { state, lines } = stored;
    this.#folder = folder;
    this.total = totalOf(stored);
    // The user may have removed failures from the file.
    const failuresBytes = Math.min(state.failuresBytes, failuresBytesOf(folder));
    const endsAt = max === undefined ? undefined : this.total.selected + max;
    this.state = { ...state, failuresBytes, endsAt };
    this.unread = new Set(lines.map(({ source }) => source));
    for (const line of lines) {
      this.#earlier.set(idOf(line), (this.#earlier.get(idOf(line)) ?? 0) + 1);
    }
    const failures = lines.filter(({ status }) => status === 'failed');
    resetFailures(folder, failuresBytes, failures);
    writeJournal(folder, this.state, lines);
  }

  /** Whether an earlier run did this, so that it is already counted. Each line of that run answers once. */
  recall(line: LineId): boolean {
    const times = this.#earlier.get(idOf(line)) ?? 0;
    if (times > 0) {
      this.#earlier.set(idOf(line), times - 1);
    }
    return times > 0;
  }

  /** Writes a line to the file, then counts it. */
  record(line: Line): void {
    appendLine(this.#folder, line);
    this.count(countsOf(line));
    this.failuresToRetry += Number(line.mayHeal === true && line.status === 'failed');
  }

  /** Counts something without a line, which the next run counts again if the chunk is not completed. */
  count(change: Readonly<Record<string, number>>): void {
    addTo(this.total, change);
  }

  /** How many selected objects `--max` still allows this run to begin after the position. */
  selectedLeft(): number {
    return (this.state.endsAt ?? Number.POSITIVE_INFINITY) - this.state.counts.selected;
  }

  /** Moves the position, once everything that was begun is done. */
  checkpoint(changes: Partial<JournalState>): void {
    const counts = { ...this.total };
    const next = { ...this.state, counts, failuresBytes: failuresBytesOf(this.#folder), ...changes };
    writeJournal(this.#folder, next, []);
    this.state = next;
    this.failuresToRetry = 0;
    this.#earlier.clear();
    this.unread.clear();
  }
}

/** The counts of a journal, including what was done beyond its position. */
export function totalOf({ state, lines }: StoredJournal): Counts {
  const total = { ...state.counts };
  for (const line of lines) {
    addTo(total, countsOf(line));
  }
  return total;
}

function idOf({ source, target, objects }: LineId): string {
  return JSON.stringify([source, target, objects]);
}

function countsOf({ status, objects = 0 }: Line): Record<string, number> {
  return { objects, selected: objects, ...(status === 'done' ? {} : { [status]: 1 }) };
}

function addTo(total: Counts, change: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(change)) {
    total[name] = (total[name] ?? 0) + count;
  }
}
