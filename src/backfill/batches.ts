import { createHash } from 'node:crypto';
import type { Candidate } from './chunks.ts';
import { type BackfillOptions, needsHead } from './run-objects.ts';
import type { Selection } from './select.ts';
import type { ExistingObject } from './source.ts';

export type BatchOptions = Pick<BackfillOptions, 'source' | 'ruleSet' | 'filter' | 'onlyMissing'>;

/** Less than half of the outputs that a function with CONCURRENCY 2 makes in its 60 s, at a second each. */
export const maxBatchOutputs = 50;

/** Function Compute takes 128 KB (FC help: "Limits"). */
const maxPayloadBytes = 120_000;

/** The objects that the function works on together. */
export interface Batch {
  objects: ExistingObject[];
  outputs: number;
  /** The outputs that are saved where none fails; the others may be left alone, or only submitted. */
  certain: number;
  payloadBytes: number;
}

const emptyBatch = (): Batch => ({ objects: [], outputs: 0, certain: 0, payloadBytes: 0 });

/** Cuts objects into batches. Throws where the function could not make what is wanted of an object alone. */
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

/** Throws where the function could not make what is wanted of the object alone. */
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
 * One key in 64 begins a batch. An upload between two runs so changes the batches up to the next such key,
 * and not the content, and with it the id, of all behind it.
 */
function beginsBatch({ key }: ExistingObject): boolean {
  return createHash('sha256').update(key).digest().readUInt8() % 64 === 0;
}
