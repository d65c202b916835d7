import { formatObject } from '../pipeline/result.ts';
import type { BackfillOptions } from './run-objects.ts';
import { createUpperBound, type Selection } from './select.ts';
import type { ExistingObject, SourceEntry } from './source.ts';

interface ChunkOptions extends Pick<BackfillOptions, 'source' | 'journal' | 'ruleSet' | 'filter' | 'stop'> {
  /** A chunk ends once it has this many outputs. */
  chunkOutputs: number;
}

/** A chunk also ends once it has this many objects that no rule takes. */
const chunkLeftAlone = 100_000;

/** Consecutive objects of the source. */
interface Chunk {
  position?: SourceEntry['position'] | undefined;
  /** The objects that a rule may take, and the most outputs that they can have. */
  selected: number;
  outputs: number;
  /** The other objects. */
  leftAlone: number;
  /** Set if the source, or what this run may do of it, ends with this chunk. */
  end?: 'source' | 'run' | undefined;
}

/** An object that a rule may take, with all outputs that it may get. */
export interface Candidate {
  object: ExistingObject;
  outputs: Selection['outputs'];
}

const emptyChunk: Chunk = { selected: 0, outputs: 0, leftAlone: 0 };

/**
 * Passes the objects after the journal's position to `work`, chunk by chunk, until the journal's run ends.
 * `work` resolves once everything passed to it is done. Then the position moves; after the last object, the
 * journal is finished. If `stop` or a failure comes first, the next run begins the chunk again, and the
 * journal knows what was done of it.
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
  // New objects may have pushed some that the journal knows about past the usual end of the chunk.
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
