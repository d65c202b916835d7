import { createHash } from 'node:crypto';
import type { ObjectEvent } from '../events/object-event.ts';

/**
 * An object that is there already, as a listing, an inventory or a person tells of it: the event by which it
 * is planned. Sources that name keys alone do not know its size and the like.
 */
export interface ExistingObject extends ObjectEvent {
  storageClass?: string | undefined;
  /** `ongoing-request="false"`, with a date behind it, while an object of an archive class is restored. */
  restore?: string | undefined;
  /** The one output that is wanted, as `oss://bucket/key` of its target; all of them where absent. */
  target?: string | undefined;
}

/** The name of the event for an object of a type: the planner leaves a link alone, as at its upload. */
export function eventNameOf(type: string | undefined): string {
  return type === 'Symlink' ? 'ObjectCreated:PutSymlink' : 'Manual';
}

/** Whether the source told what a plan and its date are made from; if not, a HeadObject does. */
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

/** Objects in an order that stays the same, so that reading can go on behind a position. */
export interface Source {
  /** The thing that is read, in words. */
  name: string;
  /** A digest of the file that lists the objects, or of the prefixes where OSS lists them. */
  fingerprint: string;
  read(behind?: Position): AsyncIterable<SourceEntry>;
}

/** Twelve hex digits of a SHA-256, which tell one command or list of prefixes from another. */
export function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}
