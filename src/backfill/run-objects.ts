import PQueue from 'p-queue';
import type { Call } from '../oss/call.ts';
import { headObject } from '../oss/operations.ts';
import {
  describeError,
  type FailedResult,
  formatObject,
  type PlannedResult,
  type SaveResult,
} from '../pipeline/result.ts';
import { save } from '../pipeline/save.ts';
import { findMismatch } from '../rules/match.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Item, Journal } from './journal.ts';
import type { Line } from './journal-file.ts';
import type { Pace } from './pace.ts';
import { type Filter, type Selection, selectOutputs, toEvent } from './select.ts';
import { isComplete, type Source, type StoredObject } from './source.ts';

export interface RunOptions {
  source: Source;
  ruleSet: RuleSet;
  filter: Filter;
  journal: Journal;
  call: Call;
  pace: Pace;
  /** Epoch ms: outputs that were saved since then are left as they are. */
  savedSince?: number | undefined;
  stop: AbortSignal;
}

/** Calls that may take so long to be answered do not keep the rate from being reached. */
const secondsPerCall = 4;
export const maxConcurrency = 256;

/** More than chance or bad pictures explain: permissions, a wrong region, a named style that is not there. */
const maxFailuresInARow = 100;

/**
 * Makes what the rules want of every object, from this machine, from where the journal is. Resolves at the end of the
 * source or of the journal's run, or soon after `stop`: calls under way are waited for, and each that ends is in the
 * journal. Rejects where the journal or the source fails, or everything that is tried.
 */
export async function runObjects(options: RunOptions): Promise<void> {
  const { source, ruleSet, filter, journal, pace, stop } = options;
  const queue = new PQueue({ concurrency: 1 });
  let failure: Error | undefined;
  try {
    for await (const { object, position } of source.read(journal.state.position)) {
      if (stop.aborted || failure !== undefined || journal.isAtEnd()) {
        break;
      }
      const { skipped } = needsHead(object, ruleSet) ? {} : selectOutputs(object, ruleSet, filter);
      const item = journal.begin(position, { objects: 1, selected: Number(skipped === undefined) });
      if (skipped !== undefined) {
        journal.skip(item, skipped);
        journal.end(item);
        continue;
      }
      queue.concurrency = Math.min(maxConcurrency, Math.ceil(pace.rate() * secondsPerCall));
      void queue.add(async () => {
        try {
          if (await makeOutputs(object, item, options)) {
            journal.end(item);
          }
        } catch (error) {
          failure ??= error instanceof Error ? error : new Error(String(error));
        }
      });
      await queue.onSizeLessThan(1);
    }
  } finally {
    await queue.onIdle();
  }
  if (failure !== undefined) {
    throw failure;
  }
}

/** Makes the outputs of one object, one after the other; resolves to false where `stop` came first. */
export async function makeOutputs(stored: StoredObject, item: Item, options: RunOptions): Promise<boolean> {
  const { ruleSet, filter, journal, call, stop } = options;
  const source = formatObject(stored);
  if (journal.recall(item, source) !== undefined) {
    return true; // It failed before its outputs were known.
  }
  const object = needsHead(stored, ruleSet) ? await askFor(stored, call) : stored;
  const { outputs, skipped }: Selection =
    'status' in object ? { outputs: [object] } : selectOutputs(object, ruleSet, filter);
  if (skipped !== undefined) {
    journal.skip(item, skipped);
  }
  const { sizeBytes = 0 } = 'status' in object ? stored : object;
  for (const output of outputs) {
    if (output.target && journal.recall(item, source, formatObject(output.target)) !== undefined) {
      continue;
    }
    const outcome = await make(output, sizeBytes, options);
    if (outcome.status === 'failed' && stop.aborted) {
      return false; // It was given up, so that the next run makes it.
    }
    journal.record(item, toLine(source, outcome));
    throwIfHopeless(outcome, journal);
  }
  return true;
}

async function make(
  output: PlannedResult | FailedResult,
  sourceBytes: number,
  options: RunOptions,
): Promise<SaveResult> {
  if (output.status === 'failed') {
    return output;
  }
  const call = pacedCall(options, sourceBytes);
  const loadLife = () => import('../life/life.ts');
  return save(output, { call, loadLife, deadline: Infinity, now: Date.now, savedSince: options.savedSince });
}

function throwIfHopeless(outcome: SaveResult, { failuresInARow }: Journal): void {
  if (outcome.status === 'failed' && failuresInARow >= maxFailuresInARow) {
    throw new Error(`the last ${maxFailuresInARow} outputs all failed, the very last by: ${outcome.message}`);
  }
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
    const storageClass = headers['x-oss-storage-class'];
    const isSymlink = headers['x-oss-object-type'] === 'Symlink';
    const modified = { lastModified: lastModified?.toISOString() };
    return { ...object, sizeBytes, eTag, contentType, ...modified, storageClass, isSymlink };
  } catch (error) {
    return { status: 'failed', source, ...describeError(error) };
  }
}

function toLine(source: string, outcome: SaveResult): Line {
  const { status, target } = outcome;
  const line = { status, source, target: target && formatObject(target) };
  if (status === 'failed') {
    return { ...line, code: outcome.code, message: outcome.message, requestId: outcome.requestId };
  }
  return status === 'skipped' ? { ...line, reason: outcome.reason } : line;
}
