import fs from 'node:fs';
import {
  appendLine,
  type Counts,
  failuresFileOf,
  type JournalState,
  type Line,
  readJournal,
  type StoredJournal,
  writeJournal,
} from './journal-file.ts';
import type { Position, Source, SourceEntry } from './source.ts';
import { maxFailuresInARow, throwIfHopeless } from './work-through.ts';

/** An object, or a batch of them, that was begun. */
export interface Item {
  position: Position;
  counts: Counts;
  lines: Line[];
  isEnded: boolean;
}

/** When its position moved by so many objects the journal is written anew, so that it stays small. */
const objectsPerCheckpoint = 1_000;

/** A power cut costs no more than what was done in so long. */
const flushIntervalMs = 1_000;

/**
 * The memory of one backfill on the disk. Things are done in any order; the journal's position follows behind the oldest
 * item that is still under way, and names each thing done beyond it. A thing is in the file when `record` has returned,
 * so that a process killed at any moment has lost nothing but the calls under way.
 */
export class Journal {
  /** Its position; the one on the disk is that of the last checkpoint. */
  state: JournalState;
  /** All that is accounted for so far, what is ahead of the position included. */
  total: Counts;
  /** The source has more than this run was to begin. */
  isCutShort = false;
  /** Failures that may heal, since the last thing that did not fail. */
  readonly #held: { item: Item; line: Line }[] = [];
  readonly #folder: string;
  /** Items that earlier runs did beyond the position. */
  readonly #earlier: Map<string, Line>;
  /** Begun and not behind the position yet, in the order of the source. */
  readonly #open: Item[] = [];
  #flushedAtMs = 0;
  #objectsSinceCheckpoint = 0;

  /** Opens a folder's journal to go on with it, or with `fresh` a new one; the failures of the old one are kept. */
  constructor(folder: string, fresh?: JournalState) {
    const failuresFile = failuresFileOf(folder);
    if (fresh !== undefined && fs.existsSync(failuresFile)) {
      fs.renameSync(failuresFile, `${failuresFile}.before-${fresh.startedAt.replaceAll(':', '-')}`);
    }
    const stored = fresh === undefined ? readJournal(folder) : { state: fresh, lines: [] };
    if (stored === undefined) {
      throw new Error(`${folder} holds no journal.`);
    }
    this.#folder = folder;
    this.state = stored.state;
    this.total = totalOf(stored);
    // The line of a batch counts its failures, too.
    const batches = new Set(stored.lines.map(({ source }) => source));
    const lines = stored.lines.filter(({ batch = '' }) => !batches.has(batch));
    this.#earlier = new Map(lines.map((line) => [idOf(line.source, line.target), line]));
    writeJournal(folder, stored.state, lines);
  }

  begin(position: Position, counts: CountsChange): Item {
    const item = { position, counts: noCounts, lines: [], isEnded: false };
    this.#count(item, counts);
    this.#open.push(item);
    return item;
  }

  /** The result of an earlier run, if there is one. It counts for the item. */
  recall(item: Item, source: string, target?: string): Line | undefined {
    const id = idOf(source, target);
    const line = this.#earlier.get(id);
    if (line !== undefined) {
      this.#earlier.delete(id);
      item.lines.push(line);
      // The total has it from the start.
      item.counts = sumOf(item.counts, countsOf(line));
    }
    return line;
  }

  record(item: Item, line: Line): void {
    if (line.status !== 'failed') {
      this.settle();
    }
    this.#write(item, line);
  }

  /** Takes a failure that may heal; throws where nothing else comes for long, and then the next run tries it again. */
  hold(item: Item, line: Line): void {
    this.#held.push({ item, line });
    throwIfHopeless(this.#held.length, line.message);
  }

  /** Records the failures that are held: something else was done, or nothing more is to do. */
  settle(): void {
    if (this.#held.length < maxFailuresInARow) {
      for (const { item, line } of this.#held.splice(0)) {
        this.#write(item, line);
      }
    }
  }

  #write(item: Item, line: Line): void {
    // A failure that a power cut loses is tried again for nothing; what was saved would be paid again.
    const isDue = line.status !== 'failed' && Date.now() - this.#flushedAtMs >= flushIntervalMs;
    appendLine(this.#folder, line, isDue);
    this.#flushedAtMs = isDue ? Date.now() : this.#flushedAtMs;
    item.lines.push(line);
    this.#count(item, countsOf(line));
  }

  /** Counts an object of the item for which there is nothing to do. */
  skip(item: Item, reason: string): void {
    this.#count(item, { skipped: { [reason]: 1 } });
  }

  /** The item is complete. */
  end(item: Item): void {
    item.isEnded = true;
    const isComplete = (one: Item) => one.isEnded && !this.#held.some((held) => held.item === one);
    const [before, last] = this.#open.slice(-2);
    if (before !== undefined && isComplete(before) && last === item && isComplete(item)) {
      // Millions that are skipped while one call is slow are one item.
      before.position = item.position;
      before.counts = sumOf(before.counts, item.counts);
      before.lines.push(...item.lines);
      this.#open.pop();
    }
    const next = this.#open.findIndex((one) => !isComplete(one));
    for (const { position, counts } of this.#open.splice(0, next < 0 ? this.#open.length : next)) {
      this.state = { ...this.state, position, counts: sumOf(this.state.counts, counts) };
      this.#objectsSinceCheckpoint += counts.objects;
    }
    if (this.#objectsSinceCheckpoint >= objectsPerCheckpoint) {
      this.checkpoint();
    }
  }

  /** How many more selected objects this run may begin, by `--max`. */
  selectedLeft(): number {
    return (this.state.endsAt ?? Number.POSITIVE_INFINITY) - this.total.selected;
  }

  /** The entries behind the position, as far as this run goes. */
  async *entriesOf(source: Source): AsyncIterable<SourceEntry> {
    for await (const entry of source.read(this.state.position)) {
      this.isCutShort = this.selectedLeft() <= 0;
      if (this.isCutShort) {
        return;
      }
      yield entry;
    }
  }

  checkpoint(changes: Partial<JournalState> = {}): void {
    const next = { ...this.state, ...changes };
    const lines = [...this.#open.flatMap((item) => item.lines), ...this.#earlier.values()];
    writeJournal(this.#folder, next, lines);
    [this.state, this.#objectsSinceCheckpoint] = [next, 0];
  }

  #count(item: Item, change: CountsChange): void {
    item.counts = sumOf(item.counts, change);
    this.total = sumOf(this.total, change);
  }
}

/** All that a journal accounts for, what was done beyond its position included. */
export function totalOf({ state, lines }: StoredJournal): Counts {
  return lines.reduce((total, line) => sumOf(total, countsOf(line)), state.counts);
}

/** Names a thing, the same in every run. */
function idOf(source: string, target: string | undefined): string {
  return JSON.stringify([source, target]);
}

type CountsChange = { [Name in keyof Counts]?: Counts[Name] | undefined };

export const noCounts: Counts = { objects: 0, selected: 0, saved: 0, failed: 0, skipped: {} };

function countsOf({ status, batch, outputs = 1, failed, skipped, reason = '' }: Line): CountsChange {
  if (batch !== undefined) {
    return {};
  }
  if (status === 'skipped') {
    return { skipped: { [reason]: outputs } };
  }
  return { failed, skipped, [status]: outputs };
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
