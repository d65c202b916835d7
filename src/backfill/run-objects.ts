import PQueue from 'p-queue';
import type { Call } from '../oss/call.ts';
import { headObject } from '../oss/operations.ts';
import { describeError, type FailedResult, formatObject, type Outcome } from '../pipeline/result.ts';
import { save } from '../pipeline/save.ts';
import { findMismatch } from '../rules/match.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Item, Journal } from './journal.ts';
import type { Line } from './journal-file.ts';

import type { Pace } from './pace.ts';
import { type Filter, selectTasks, toEvent } from './select.ts';
import { isComplete, type Position, type Source, type StoredObject } from './source.ts';

export interface RunOptions {
  source: Source;
  behind?: Position | undefined;
  ruleSet: RuleSet;
  filter: Filter;
  journal: Journal;
  call: Call;
  /** Epoch ms: outputs that were saved since then are left as they are. */
  savedSince?: number | undefined;
  pace: Pace;
  /** Nothing is begun once so many objects were selected. */
  endsAt: number;
  stop: AbortSignal;
}

/** Calls that may take so long to be answered do not keep the rate from being reached. */
const secondsPerCall = 4;
export const maxConcurrency = 256;

/** More in a row than chance or bad pictures explain: permissions, a wrong region, a named style that is not there. */
const maxFailuresInARow = 100;

/**
 * Makes what the rules want of every object, from this machine. Resolves when the source is at its end, when `endsAt`
 * objects were selected, or soon after `stop`: calls under way are waited for, and each that ends is in the journal. Rejects
 * where the journal or the source fails, or everything that is tried.
 */
export async function runObjects(options: RunOptions): Promise<void> {
  const { source, behind, ruleSet, journal, pace, endsAt, stop } = options;
  const queue = new PQueue({ concurrency: 1 });
  const state: RunState = { failuresInARow: 0, error: undefined };
  const breakOff = (error: unknown) => {
    state.error ??= error instanceof Error ? error : new Error(String(error));
  };
  try {
    for await (const { object, position } of source.read(behind)) {
      if (stop.aborted || state.error !== undefined || journal.total.selected >= endsAt) {
        break;
      }
      const { skipped } = needsHead(object, ruleSet) ? {} : selectTasks(object, ruleSet, options.filter);
      const item = journal.begin(position, { objects: 1, selected: Number(skipped === undefined) });
      if (skipped !== undefined) {
        journal.end(item, skipped);
        continue;
      }
      queue.concurrency = Math.min(maxConcurrency, Math.ceil(pace.rate() * secondsPerCall));
      void queue.add(() => runObject(object, item, options, state).catch(breakOff));
      await queue.onSizeLessThan(1);
      if (journal.isFull()) {
        await queue.onIdle();
      }
    }
  } finally {
    await queue.onIdle();
  }
  if (state.error !== undefined) {
    throw state.error;
  }
}

interface RunState {
  failuresInARow: number;
  /** Why nothing more is begun. */
  error: Error | undefined;
}

async function runObject(
  stored: StoredObject,
  item: Item,
  options: RunOptions,
  state: RunState,
): Promise<void> {
  const { ruleSet, filter, journal, call, stop } = options;
  const object = needsHead(stored, ruleSet) ? await askFor(stored, call) : stored;
  const { tasks, failed, skipped } =
    'status' in object ? { tasks: [], failed: [object] } : selectTasks(object, ruleSet, filter);
  for (const outcome of failed) {
    journal.record(item, toLine(stored, outcome));
  }
  for (const task of tasks) {
    if (journal.recall(item, formatObject(task.source), formatObject(task.target)) === undefined) {
      const outcome = await save(task, {
        call: pacedCall(options, stored.sizeBytes ?? 0),
        deadline: Number.POSITIVE_INFINITY,
        now: Date.now,
        savedSince: options.savedSince,
      });
      if (outcome.status === 'failed' && stop.aborted) {
        return; // It was given up, so that the next run makes it.
      }
      journal.record(item, toLine(stored, outcome));
      countInARow(outcome, state);
    }
  }
  journal.end(item, skipped);
}

/** Waits for a turn before each call to image processing; other calls have no such quota. */
function pacedCall({ call, pace, stop }: RunOptions, sourceBytes: number): Call {
  return async (request) => {
    if (request.operation === 'ProcessObject') {
      await pace.turn(sourceBytes);
    }
    stop.throwIfAborted();
    return call(request);
  };
}

function countInARow(outcome: Outcome, state: RunState): void {
  state.failuresInARow = outcome.status === 'failed' ? state.failuresInARow + 1 : 0;
  if (outcome.status === 'failed' && state.failuresInARow >= maxFailuresInARow) {
    throw new Error(
      `${maxFailuresInARow} outputs failed one after the other, the last one by this: ${outcome.message}`,
    );
  }
}

/** Whether a rule may take the object, but the source does not tell enough to say so, or to plan. */
function needsHead(object: StoredObject, { rules }: RuleSet): boolean {
  const mismatches = rules.map(({ match }) => findMismatch(match, toEvent(object)));
  return mismatches.some(
    (mismatch) => mismatch?.endsWith('-unknown') || (mismatch === undefined && !isComplete(object)),
  );
}

async function askFor(object: StoredObject, call: Call): Promise<StoredObject | FailedResult> {
  const source = { bucket: object.bucket, key: object.key };
  try {
    const { sizeBytes, eTag, contentType, lastModified, headers } = await headObject(call, source);
    return {
      ...object,
      sizeBytes,
      eTag,
      contentType,
      lastModified: lastModified?.toISOString(),
      storageClass: headers['x-oss-storage-class'],
      isSymlink: headers['x-oss-object-type'] === 'Symlink',
    };
  } catch (error) {
    return { status: 'failed', source, ...describeError(error) };
  }
}

function toLine({ bucket, key }: StoredObject, outcome: Outcome): Line {
  const line = {
    status: outcome.status,
    source: formatObject({ bucket, key }),
    target: outcome.target && formatObject(outcome.target),
  };
  switch (outcome.status) {
    case 'saved':
      return line;
    case 'skipped':
      return { ...line, reason: outcome.reason };
    case 'failed':
      return { ...line, code: outcome.code, message: outcome.message, requestId: outcome.requestId };
  }
}
