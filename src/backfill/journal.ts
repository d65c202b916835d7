import fs from 'node:fs';
import {
  appendLine,
  type Counts,
  failuresBytesOf,
  failuresFileOf,
  type JournalState,
  type Line,
  readJournal,
  type StoredJournal,
  writeJournal,
} from './journal-file.ts';

/** Names an output or, by `objects`, the end of an object. */
type LineId = Pick<Line, 'source' | 'target' | 'objects'>;

type CountsChange = { [Name in keyof Counts]?: Counts[Name] | undefined };

export const noCounts: Counts = { objects: 0, selected: 0, saved: 0, failed: 0, skipped: {} };

/**
 * The memory of one backfill on the disk. Its position moves by one chunk of objects at a time, and each
 * thing that is done of the chunk under way has a line beyond it. A thing is in the file when `record` has
 * returned, so that a process killed at any moment has lost nothing but the calls under way.
 */
export class Journal {
  /** The state on the disk, which tells of all up to its position. */
  state: JournalState;
  /** All that is accounted for so far, in this run and before it. */
  total: Counts;
  /** The source has more than this run was to begin. */
  isCutShort = false;
  /** Failures that may heal, since the last output that did not fail. */
  failuresInARow = 0;
  /** Failures of the chunk under way that the next run tries again, should the chunk not come to its end. */
  held: Line[] = [];
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
    this.#folder = folder;
    this.total = totalOf(stored);
    this.state = { ...stored.state, endsAt: max === undefined ? undefined : this.total.selected + max };
    for (const line of stored.lines) {
      this.#earlier.set(idOf(line), (this.#earlier.get(idOf(line)) ?? 0) + 1);
    }
    writeJournal(folder, this.state, stored.lines);
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
  }

  /** Counts a line that is not to be known to the next run, should the chunk not come to its end. */
  hold(line: Line): void {
    if (line.status === 'failed') {
      this.held.push(line);
    }
    this.count(countsOf(line));
  }

  /** Counts what the next run counts again, should the chunk not come to its end. */
  count(change: CountsChange): void {
    this.total = sumOf(this.total, change);
  }

  /** How many selected objects this run may begin behind the position, by `--max`. */
  selectedLeft(): number {
    return (this.state.endsAt ?? Number.POSITIVE_INFINITY) - this.state.counts.selected;
  }

  /** Moves the position: all that was begun is done. */
  checkpoint(changes: Partial<JournalState>): void {
    const { total: counts, held } = this;
    const failuresBytes = failuresBytesOf(this.#folder);
    const next = { ...this.state, counts, failuresBytes, held, ...changes };
    writeJournal(this.#folder, next, []);
    [this.state, this.held] = [next, []];
    for (const line of held) {
      appendLine(this.#folder, line);
    }
    this.#earlier.clear();
  }
}

/** All that a journal accounts for, what was done beyond its position included. */
export function totalOf({ state, lines }: StoredJournal): Counts {
  return lines.reduce((total, line) => sumOf(total, countsOf(line)), state.counts);
}

function idOf({ source, target, objects }: LineId): string {
  return JSON.stringify([source, target, objects]);
}

function countsOf({ status, reason = '', objects = 0 }: Line): CountsChange {
  const ended = { objects, selected: objects };
  return status === 'skipped' ? { ...ended, skipped: { [reason]: 1 } } : { ...ended, [status]: 1 };
}

function sumOf(counts: Counts, change: CountsChange): Counts {
  const sum = { ...counts, skipped: { ...counts.skipped } };
  for (const name of ['objects', 'selected', 'saved', 'failed'] as const) {
    sum[name] += change[name] ?? 0;
  }
  for (const [reason, count] of Object.entries(change.skipped ?? {})) {
    sum.skipped[reason] = (sum.skipped[reason] ?? 0) + count;
  }
  return sum;
}
