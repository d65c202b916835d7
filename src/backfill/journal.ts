import fs from 'node:fs';
import {
  type Counts,
  failuresFileOf,
  type JournalState,
  type Line,
  readJournal,
  writeJournal,
} from './journal-file.ts';
import type { Position } from './source.ts';

/** An object, or a batch of them, that was begun. */
export interface Item {
  position: Position;
  counts: Counts;
  lines: Line[];
  isEnded: boolean;
}

/** Items after which the journal is written anew, so that it stays small. */
const itemsPerCheckpoint = 1_000;

/**
 * The memory of one backfill on the disk. Things are done in any order; the journal's position follows behind the oldest
 * item that is still under way, and names each thing done beyond it. A thing is on the disk when `record` has returned,
 * so that a process killed at any moment has lost nothing but the calls under way.
 */
export interface Journal {
  /** Where its position is; on the disk as of the last checkpoint. */
  readonly state: JournalState;
  /** All that is accounted for so far, what is ahead of the position included. */
  readonly total: Counts;
  begin(position: Position, counts: Partial<Counts>): Item;
  /** What an earlier run did, if it did. It counts for the item. */
  recall(item: Item, source: string, target?: string): Line | undefined;
  record(item: Item, line: Line): void;
  /** Counts an object of the item for which there is nothing to do. */
  skip(item: Item, reason: string): void;
  /** The item is complete. */
  end(item: Item): void;
  /** Whether the run is to end here: by `--max`. */
  isAtEnd(): boolean;
  failuresInARow(): number;
  checkpoint(changes?: Partial<JournalState>): void;
  close(): void;
}

/** Opens a folder's journal to go on with it, or with `fresh` a new one; the failures of the old one are kept. */
export function openJournal(folder: string, fresh?: JournalState): Journal {
  const failuresFile = failuresFileOf(folder);
  if (fresh !== undefined && fs.existsSync(failuresFile)) {
    fs.renameSync(failuresFile, `${failuresFile}.before-${fresh.startedAt.replaceAll(':', '-')}`);
  }
  const stored = fresh === undefined ? readJournal(folder) : { state: fresh, lines: [] };
  if (stored === undefined) {
    throw new Error(`${folder} holds no journal.`);
  }
  let { state } = stored;
  const earlier = new Map(stored.lines.map((line) => [idOf(line.source, line.target), line]));
  const open: Item[] = [];
  const total = sumOf(state.counts, {});
  let [endedSinceCheckpoint, failuresInARow] = [0, 0];
  let descriptor = writeJournal(folder, state, stored.lines);

  function count(item: Item, change: Partial<Counts>): void {
    item.counts = sumOf(item.counts, change);
    Object.assign(total, sumOf(total, change));
  }
  function countLine(item: Item, line: Line): void {
    item.lines.push(line);
    count(item, countsOf(line));
  }
  function checkpoint(changes: Partial<JournalState> = {}): void {
    const next = { ...state, ...changes };
    const written = writeJournal(folder, next, [...open.flatMap(({ lines }) => lines), ...earlier.values()]);
    fs.closeSync(descriptor);
    [descriptor, state, endedSinceCheckpoint] = [written, next, 0];
  }
  return {
    get state() {
      return state;
    },
    total,
    begin(position, counts) {
      const item = { position, counts: noCounts, lines: [], isEnded: false };
      count(item, counts);
      open.push(item);
      return item;
    },
    recall(item, source, target) {
      const id = idOf(source, target);
      const line = earlier.get(id);
      if (line !== undefined) {
        earlier.delete(id);
        countLine(item, line);
      }
      return line;
    },
    record(item, line) {
      fs.appendFileSync(line.status === 'failed' ? failuresFile : descriptor, `${JSON.stringify(line)}\n`);
      countLine(item, line);
      failuresInARow = line.status === 'failed' ? failuresInARow + 1 : 0;
    },
    skip: (item, reason) => count(item, { skipped: { [reason]: 1 } }),
    end(item) {
      item.isEnded = true;
      endedSinceCheckpoint += 1;
      for (let first = open[0]; first?.isEnded; first = open[0]) {
        state = { ...state, position: first.position, counts: sumOf(state.counts, first.counts) };
        open.shift();
      }
      if (endedSinceCheckpoint >= itemsPerCheckpoint) {
        checkpoint();
      }
    },
    isAtEnd: () => total.selected >= (state.endsAt ?? Number.POSITIVE_INFINITY),
    failuresInARow: () => failuresInARow,
    checkpoint,
    close: () => fs.closeSync(descriptor),
  };
}

/** All that a journal accounts for, what was done beyond its position included. */
export function totalOf({ state, lines }: { state: JournalState; lines: readonly Line[] }): Counts {
  return lines.reduce((total, line) => sumOf(total, countsOf(line)), state.counts);
}

/** Names a thing, the same in every run. */
function idOf(source: string, target: string | undefined): string {
  return JSON.stringify([source, target]);
}

export const noCounts: Counts = { objects: 0, selected: 0, saved: 0, failed: 0, skipped: {} };

function countsOf({ status, outputs = 1, reason = '' }: Line): Partial<Counts> {
  return status === 'skipped' ? { skipped: { [reason]: outputs } } : { [status]: outputs };
}

function sumOf(counts: Counts, change: Partial<Counts>): Counts {
  const skipped = { ...counts.skipped };
  for (const [reason, count] of Object.entries(change.skipped ?? {})) {
    skipped[reason] = (skipped[reason] ?? 0) + count;
  }
  const { objects = 0, selected = 0, saved = 0, failed = 0 } = change;
  return {
    objects: counts.objects + objects,
    selected: counts.selected + selected,
    saved: counts.saved + saved,
    failed: counts.failed + failed,
    skipped,
  };
}
