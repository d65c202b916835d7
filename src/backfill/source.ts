/** An object that is there already, as a listing, an inventory or a person tells of it. */
export interface ExistingObject {
  bucket: string;
  key: string;
  sizeBytes?: number | undefined;
  /** Without quotes, as in events. */
  eTag?: string | undefined;
  /** ISO 8601. Sources that name keys alone do not know it, nor the size. */
  lastModified?: string | undefined;
  contentType?: string | undefined;
  storageClass?: string | undefined;
  isSymlink?: boolean | undefined;
  /** The one output that is wanted, as `oss://bucket/key` of its target; all of them where absent. */
  target?: string | undefined;
}

/** Whether the source told what a plan and its date are made from; if not, a HeadObject does. */
export function isComplete({ sizeBytes, eTag, lastModified }: ExistingObject): boolean {
  return sizeBytes !== undefined && eTag !== undefined && lastModified !== undefined;
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

/** Objects in an order that is the same whenever they are read, so that reading can go on behind a position. */
export interface Source {
  /** The thing that is read, in words. */
  name: string;
  /** A digest of the file that lists the objects; empty where OSS lists them. */
  fingerprint: string;
  read(behind?: Position): AsyncIterable<SourceEntry>;
}
