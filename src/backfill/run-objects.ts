import { splitObjectUrl } from '../object-url.ts';
import type { Call } from '../oss/call.ts';
import { isNoSuchKey } from '../oss/errors.ts';
import { headObject } from '../oss/operations.ts';
import { describeError, type FailedResult, formatObject, type Outcome } from '../pipeline/result.ts';
import { removeIfLate } from '../pipeline/run.ts';
import { carryOut } from '../pipeline/save.ts';
import { findMismatch } from '../rules/match.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { type Candidate, workByChunks } from './chunks.ts';
import { type Filter, type Selection, selectOutputs, targetOf } from './select.ts';
import { type ExistingObject, eventNameOf, isComplete } from './source.ts';
import { type WorkOptions, workThrough } from './work-through.ts';

export interface BackfillOptions extends WorkOptions {
  ruleSet: RuleSet;
  filter: Filter;
  /** Outputs that exist are left as they are. */
  onlyMissing: boolean;
}

/** Small enough to keep the journal of a chunk in memory: 7 minutes of work at 50 calls/s. */
const chunkOutputs = 20_000;

/**
 * Makes the outputs of all objects from this machine, starting at the journal's position, and records each in
 * the journal. Settles like `workThrough`, or at the end of the journal's run.
 */
export function runObjects(options: BackfillOptions): Promise<void> {
  const work = ({ object }: Candidate) => workOn(object, options);
  return workByChunks({ ...options, chunkOutputs }, (candidates) => workThrough(candidates, options, work));
}

/** Makes all outputs of one object. Rejects if `stop` comes first. */
async function workOn(stored: ExistingObject, options: BackfillOptions): Promise<void> {
  const { ruleSet, filter, journal, call } = options;
  // A list of failures names an object once for each output that failed.
  const end = { source: formatObject(stored), target: stored.target, objects: 1 };
  if (journal.recall(end)) {
    return;
  }
  const object = needsHead(stored, ruleSet) ? await askFor(stored, call) : stored;
  const { outputs, skipped }: Selection =
    'status' in object ? { outputs: [object] } : selectOutputs(object, ruleSet, filter);
  const { isGone, hasFailed } = await makeOutputs(outputs, 'status' in object ? stored : object, options);
  const status = isGone ? 'source-missing' : (skipped ?? 'done');
  journal.record({ ...end, status, mayHeal: hasFailed || undefined });
}

/** Makes the outputs of one source in turn. Tells whether the source is gone, and whether any failed. */
async function makeOutputs(outputs: Selection['outputs'], stored: ExistingObject, options: BackfillOptions) {
  const { journal, call, stop } = options;
  const source = formatObject(stored);
  let hasFailed = false;
  for (const output of outputs) {
    if (journal.recall({ source, target: targetOf(output) })) {
      continue;
    }
    const outcome = await make(output, stored.sizeBytes ?? 0, options);
    if (outcome.status === 'failed') {
      // OSS gives the same code if the style reads another object, and that one is missing.
      const isNoKey = outcome.code === 'NoSuchKey';
      if (isNoKey && (await headObject(call, stored).then(() => false, isNoSuchKey))) {
        return { isGone: true, hasFailed };
      }
      stop.throwIfAborted(); // The call was aborted: the next run makes the output.
      hasFailed = true;
    }
    settle(source, outcome, options);
  }
  return { isGone: false, hasFailed };
}

async function make(output: Selection['outputs'][number], sourceBytes: number, options: BackfillOptions) {
  if (output.status === 'failed') {
    return output;
  }
  const { ruleSet, onlyMissing } = options;
  const call = pacedCall(options, sourceBytes);
  const taskOptions = { call, ruleSet, onlyMissing, deadlineMs: Infinity, now: Date.now };
  return removeIfLate(output, await carryOut(output, taskOptions), taskOptions);
}

/** Waits for a turn before each processing call. Only image processing has a quota of bytes as well. */
function pacedCall({ call, pace, stop }: BackfillOptions, sourceBytes: number): Call {
  return async (request) => {
    if (['ProcessObject', 'AsyncProcessObject'].includes(request.operation)) {
      await pace.turn(request.operation === 'ProcessObject' ? sourceBytes : 0);
    }
    stop.throwIfAborted();
    return call(request);
  };
}

/** Whether a rule may take the object, but the source tells too little to be sure or to plan. */
export function needsHead(object: ExistingObject, { rules }: RuleSet): boolean {
  const mismatches = rules.map(({ match }) => findMismatch(match, object));
  return mismatches.some(
    (mismatch) => mismatch?.endsWith('-unknown') || (mismatch === undefined && !isComplete(object)),
  );
}

async function askFor(object: ExistingObject, call: Call): Promise<ExistingObject | FailedResult> {
  const source = { bucket: object.bucket, key: object.key };
  try {
    const { sizeBytes, eTag, contentType, lastModified, headers } = await headObject(call, source);
    if (sizeBytes === undefined) {
      throw new Error('the answer to HeadObject has no size'); // A proxy answered, not OSS.
    }
    const { 'x-oss-storage-class': storageClass, 'x-oss-restore': restore } = headers;
    const eventName = eventNameOf(headers['x-oss-object-type']);
    const modifiedAt = lastModified?.toISOString();
    const answer = { eventName, sizeBytes, eTag, contentType, modifiedAt };
    return { ...object, ...answer, storageClass, restore };
  } catch (error) {
    // A list of failures asks for one output only, and so must the list that this one goes into.
    const target = splitObjectUrl(object.target ?? '');
    return { status: 'failed', source, target, ...describeError(error) };
  }
}

/** Records an outcome. Throws after a long streak of failures that may heal. */
function settle(source: string, outcome: Outcome, { journal, streak }: BackfillOptions): void {
  const line = { source, target: targetOf(outcome) };
  if (outcome.status !== 'failed') {
    streak.end();
    journal.record({ ...line, status: outcome.status === 'skipped' ? outcome.reason : outcome.status });
    return;
  }
  const { status, code, message, requestId } = outcome;
  const mayHeal = outcome.kind !== 'permanent';
  journal.record({ ...line, status, code, message, requestId, mayHeal });
  streak.add(Number(mayHeal), message);
}
