import { formatObject } from '../pipeline/result.ts';
import type { BackfillOptions } from './run-objects.ts';
import { createUpperBound, type Selection } from './select.ts';
import type { ExistingObject, SourceEntry } from './source.ts';

interface ChunkOptions extends Pick<BackfillOptions, 'source' | 'journal' | 'ruleSet' | 'filter' | 'stop'> {
  /** A chunk ends at this many outputs, */
  chunkOutputs: number;
}

/** or at this many objects that no rule takes. */
const chunkLeftAlone = 100_000;

/** Objects next to each other in the source. */
interface Chunk {
  position?: SourceEntry['position'] | undefined;
  /** Objects that a rule may take, and their outputs at most. */
  selected: number;
  outputs: number;
  /** The other objects. */
  leftAlone: number;
  /** Says what ends behind it, if anything. */
  end?: 'source' | 'run' | undefined;
}

/** An object that a rule may take, and its outputs at most. */
export interface Candidate {
  object: ExistingObject;
  outputs: Selection['outputs'];
}

const emptyChunk: Chunk = { selected: 0, outputs: 0, leftAlone: 0 };

/**
 * Hands the objects behind the journal's position to `work`, chunk by chunk, up to the end of the journal's
 * run. `work` resolves once all that it was handed is done; the position moves then, and behind the last
 * object the journal is finished. Where `stop` or a failure comes first, the next run begins the chunk again,
 * and the journal knows what was done of it.
 */
export async function workByChunks(
  options: ChunkOptions,
  work: (candidates: AsyncIterable<Candidate>) => Promise<void>,
): Promise<void> {
  const { source, journal, stop } = options;
  const entries = source.read(journal.state.position)[Symbol.asyncIterator]();
  try {
    let chunk: Chunk;
    do {
      chunk = { ...emptyChunk, position: journal.state.position };
      await work(candidatesOf(chunk, entries, options));
      if (stop.aborted) {
        return;
      }
      const finishedAt = chunk.end === 'source' ? new Date().toISOString() : undefined;
      journal.checkpoint({ position: chunk.position, finishedAt });
    } while (chunk.end === undefined);
  } finally {
    await entries.return?.();
  }
}

/** Reads the objects of one chunk that a rule may take, and counts the others. */
async function* candidatesOf(
  chunk: Chunk,
  entries: AsyncIterator<SourceEntry>,
  { journal, ruleSet, filter, chunkOutputs }: ChunkOptions,
): AsyncIterable<Candidate> {
  const select = createUpperBound(ruleSet, new Date().toISOString());
  // Objects that came between two runs push others behind the end, of which the journal knows what was done.
  const stretch = () => (journal.unread.size > 0 ? 4 : 1);
  while (chunk.outputs < stretch() * chunkOutputs && chunk.leftAlone < stretch() * chunkLeftAlone) {
    const { done, value } = await entries.next();
    if (done || chunk.selected >= journal.selectedLeft()) {
      chunk.end = done ? 'source' : 'run';
      return;
    }
    const { object, position } = value;
    chunk.position = position;
    journal.unread.delete(formatObject(object));
    const { outputs, skipped } = select(object, filter);
    if (skipped === undefined) {
      chunk.selected += 1;
      chunk.outputs += outputs.length;
      yield { object, outputs };
    } else {
      chunk.leftAlone += 1;
      journal.count({ objects: 1, [skipped]: 1 });
    }
  }
}
