import { createHash } from 'node:crypto';
import type { ObjectEvent } from '../events/object-event.ts';

/**
 * An existing object as a listing, an inventory or a person names it, in the form of the event by which it is
 * planned. Sources that only name keys do not tell its size and the like.
 */
export interface ExistingObject extends ObjectEvent {
  storageClass?: string | undefined;
  /** Contains `ongoing-request="false"` and a date while an archived object is restored. */
  restore?: string | undefined;
  /** The target of the only wanted output, as `oss://bucket/key`; if absent, all outputs are wanted. */
  target?: string | undefined;
}

/** The event name for an object of a type. The planner skips symlinks, as it does when they are created. */
export function eventNameOf(type: string | undefined): string {
  return type === 'Symlink' ? 'ObjectCreated:PutSymlink' : 'Manual';
}

/** Whether the source told all that planning needs. If not, a HeadObject does. */
export function isComplete({ sizeBytes, eTag, modifiedAt }: ExistingObject): boolean {
  return sizeBytes !== undefined && eTag !== undefined && modifiedAt !== undefined;
}

/** The place of an object in its source: the number of the prefix or file, and the key or row within it. */
export interface Position {
  part: number;
  after: string | number;
}

export interface SourceEntry {
  object: ExistingObject;
  position: Position;
}

/** Objects in a stable order, so that reading can resume after a position. */
export interface Source {
  /** Names the source in messages. */
  name: string;
  /** A digest of the file that lists the objects, or of the prefixes if OSS lists them. */
  fingerprint: string;
  read(behind?: Position): AsyncIterable<SourceEntry>;
}

/** Twelve hex digits of a SHA-256, which tell one command or list of prefixes from another. */
export function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}
