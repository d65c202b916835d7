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

/** Names an output or, by `objects`, the end of an object. */
type LineId = Pick<Line, 'source' | 'target' | 'objects'>;

export const noCounts: Counts = { objects: 0, selected: 0, saved: 0, failed: 0 };

/**
 * The memory of one backfill on the disk. Its position moves by one chunk of objects at a time, and each
 * thing that is done of the chunk under way has a line beyond it. A thing is in the file when `record` has
 * returned, so that a process killed at any moment has lost nothing but the calls under way.
 */
export class Journal {
  /** The state on the disk, which tells of all up to its position. */
  state: JournalState;
  /** All that is accounted for so far, in this run and before it. */
  readonly total: Counts;
  /** Failures that the next run tries again, should the chunk under way not come to its end. */
  failuresToHeal = 0;
  /** Sources of which earlier runs did something beyond the position, and which this run has not read yet. */
  readonly unread: Set<string>;
  readonly #folder: string;
  /** How often earlier runs did a thing of the chunk under way: a list of keys may name it twice. */
  readonly #earlier = new Map<string, number>();

  /**
   * Opens the journal of a folder to go on with it, for `max` more objects that a rule takes; with `fresh`
   * it begins a new one, and keeps the failures of the old one.
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
    // Somebody may have taken the failures away.
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

  /** Whether an earlier run did this; then it is counted already. */
  recall(line: LineId): boolean {
    const times = this.#earlier.get(idOf(line)) ?? 0;
    if (times > 0) {
      this.#earlier.set(idOf(line), times - 1);
    }
    return times > 0;
  }

  /** Counts a line once it is in the file. */
  record(line: Line): void {
    appendLine(this.#folder, line);
    this.count(countsOf(line));
    this.failuresToHeal += Number(line.mayHeal === true && line.status === 'failed');
  }

  /** Counts what the next run counts again, should the chunk not come to its end. */
  count(change: Readonly<Record<string, number>>): void {
    addTo(this.total, change);
  }

  /** How many selected objects this run may begin behind the position, by `--max`. */
  selectedLeft(): number {
    return (this.state.endsAt ?? Number.POSITIVE_INFINITY) - this.state.counts.selected;
  }

  /** Moves the position: all that was begun is done. */
  checkpoint(changes: Partial<JournalState>): void {
    const counts = { ...this.total };
    const next = { ...this.state, counts, failuresBytes: failuresBytesOf(this.#folder), ...changes };
    writeJournal(this.#folder, next, []);
    [this.state, this.failuresToHeal] = [next, 0];
    this.#earlier.clear();
    this.unread.clear();
  }
}

/** All that a journal accounts for, what was done beyond its position included. */
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
