import { createHash } from 'node:crypto';
import type { Candidate } from './chunks.ts';
import { type BackfillOptions, needsHead } from './run-objects.ts';
import type { Selection } from './select.ts';
import type { ExistingObject } from './source.ts';

export type BatchOptions = Pick<BackfillOptions, 'source' | 'ruleSet' | 'filter' | 'onlyMissing'>;

/** Less than half of what a function with CONCURRENCY 2 makes in its 60 s, at one second per output. */
export const maxBatchOutputs = 50;

/** Function Compute accepts 128 KB (FC help: "Limits"). */
const maxPayloadBytes = 120_000;

/** Objects that the function processes in one invocation. */
export interface Batch {
  objects: ExistingObject[];
  outputs: number;
  /** The outputs that are sure to be saved if none fails; the others may be skipped, or only submitted. */
  certain: number;
  payloadBytes: number;
}

const emptyBatch = (): Batch => ({ objects: [], outputs: 0, certain: 0, payloadBytes: 0 });

/** Groups objects into batches. Throws if the function cannot do what is asked of one of them. */
export async function* batchesOf(
  candidates: AsyncIterable<Candidate>,
  options: BatchOptions,
): AsyncIterable<Batch> {
  const { ruleSet, onlyMissing } = options;
  let batch = emptyBatch();
  for await (const { object, outputs } of candidates) {
    assertForFunction(object, options);
    const bytes = Buffer.byteLength(JSON.stringify(object)) + 32;
    const isFull =
      batch.outputs + outputs.length > maxBatchOutputs || batch.payloadBytes + bytes > maxPayloadBytes;
    if (batch.objects.length > 0 && (isFull || beginsBatch(object))) {
      yield batch;
      batch = emptyBatch();
    }
    batch.objects.push(object);
    batch.outputs += outputs.length;
    const isUncertain = onlyMissing || needsHead(object, ruleSet);
    batch.certain += isUncertain ? 0 : outputs.filter(isAlwaysSaved).length;
    batch.payloadBytes += bytes;
  }
  if (batch.objects.length > 0) {
    yield batch;
  }
}

/** Throws if only one output is wanted, or a time that is unknown: the function can select by neither. */
function assertForFunction({ target, modifiedAt }: ExistingObject, { source, filter }: BatchOptions): void {
  if (target !== undefined) {
    throw new Error('a list of failures is for this machine: leave out --via function.');
  }
  if (modifiedAt === undefined && (filter.sinceMs ?? filter.untilMs) !== undefined) {
    throw new Error(`${source.name} has no times for --since and --until: leave out --via function.`);
  }
}

function isAlwaysSaved(output: Selection['outputs'][number]): boolean {
  const { action, refresh, afterSteps } = output.status === 'planned' ? output : {};
  return action === 'save' && refresh === undefined && !afterSteps?.skipLarger;
}

/**
 * One key in 64 begins a new batch, so that an upload between two runs changes only the batches up to the
 * next such key; all later ones keep their content, and with it their ids.
 */
function beginsBatch({ key }: ExistingObject): boolean {
  return createHash('sha256').update(key).digest().readUInt8() % 64 === 0;
}
