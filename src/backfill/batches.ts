import { createHash } from 'node:crypto';
import { type BackfillOptions, needsHead } from './run-objects.ts';
import { createUpperBound, type Selection } from './select.ts';
import type { ExistingObject, Position } from './source.ts';

export type BatchOptions = Omit<BackfillOptions, 'call' | 'pace' | 'sleep' | 'stop'>;

/** The outputs of one batch: half of those that a function with CONCURRENCY 2 makes in its 60 s, at a second each. */
export const maxOutputs = 50;

/** Function Compute takes 128 KB (FC help: "Limits"). */
const maxPayloadBytes = 120_000;

/** Objects of which no rule takes any are also a batch, so that the journal's position moves on. */
const maxObjects = 10_000;

/** Objects next to each other in the source. */
export interface Batch {
  position: Position;
  objects: number;
  skipped: Record<string, number>;
  selected: ExistingObject[];
  outputs: number;
  /** The outputs that are saved where none fails; the others may be left alone, or only submitted. */
  certain: number;
  payloadBytes: number;
}

/**
 * Cuts what the source has behind the journal's position into batches, which end where the journal's run does. Throws where
 * the function could not make what is wanted of an object alone.
 */
export async function* batches(options: BatchOptions): AsyncIterable<Batch> {
  const { source, ruleSet, filter, journal, onlyMissing } = options;
  const select = createUpperBound(ruleSet);
  let batch: Batch | undefined;
  for await (const { object, position } of journal.entriesOf(source)) {
    assertForFunction(object, options);
    const { outputs, skipped } = select(object, filter);
    const bytes = Buffer.byteLength(JSON.stringify(object)) + 32;
    if (batch !== undefined && isFull(batch, outputs.length, bytes)) {
      yield batch;
      batch = undefined;
    }
    batch ??= { position, objects: 0, skipped: {}, selected: [], outputs: 0, certain: 0, payloadBytes: 0 };
    batch.position = position;
    batch.objects += 1;
    if (skipped === undefined) {
      batch.selected.push(object);
      batch.payloadBytes += bytes;
      batch.outputs += outputs.length;
      const isUncertain = onlyMissing || needsHead(object, ruleSet);
      batch.certain += isUncertain ? 0 : outputs.filter(isAlwaysSaved).length;
    } else {
      batch.skipped[skipped] = (batch.skipped[skipped] ?? 0) + 1;
    }
    if (batch.selected.length >= journal.selectedLeft() || (skipped === undefined && endsBatch(object))) {
      yield batch;
      batch = undefined;
    }
  }
  if (batch !== undefined) {
    yield batch;
  }
}

/** Throws where the function could not make what is wanted of the object alone. */
function assertForFunction({ target, modifiedAt }: ExistingObject, { source, filter }: BatchOptions): void {
  if (target !== undefined) {
    throw new Error('a list of failures is for this machine: leave out --via function.');
  }
  if (modifiedAt === undefined && (filter.since ?? filter.until) !== undefined) {
    throw new Error(
      `${source.name} does not tell the time by which --since and --until choose: leave out --via function.`,
    );
  }
}

function isAlwaysSaved(output: Selection['outputs'][number]): boolean {
  const { action, refresh, afterSteps } = output.status === 'planned' ? output : {};
  return action === 'save' && refresh === undefined && !afterSteps?.skipLarger;
}

function isFull({ objects, outputs, payloadBytes }: Batch, moreOutputs: number, moreBytes: number): boolean {
  const hasOutputs = outputs > 0 && outputs + moreOutputs > maxOutputs;
  return hasOutputs || objects >= maxObjects || payloadBytes + moreBytes > maxPayloadBytes;
}

/**
 * One key in 64 ends its batch. An upload between two runs so changes the batches up to the next such key, and not the
 * content, and with it the id, of all behind it.
 */
function endsBatch({ key }: ExistingObject): boolean {
  return createHash('sha256').update(key).digest().readUInt8() % 64 === 0;
}
