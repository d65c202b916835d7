import type { Readable } from 'node:stream';
import { z } from 'zod';

const tagSchema = z.object({ key: z.string(), value: z.string() });

/** Everything that is stored about an object besides its bytes and what follows from them. */
export const propertiesSchema = z.object({
  /** Content-Type and the like, and `x-oss-meta-*`: lower-case names, one character per byte. */
  headers: z.record(z.string(), z.string()),
  /** How the object was created, in the words of `x-oss-object-type`; absent for `Normal`. */
  type: z.enum(['Normal', 'Multipart', 'Appendable', 'Symlink']).optional(),
  /** Absent for `default`, which means the bucket's. */
  acl: z.string().optional(),
  /** Absent for `Standard`. */
  storageClass: z.string().optional(),
  tags: z.array(tagSchema).optional(),
  /** The key of the object that a `Symlink` leads to. */
  symlinkTarget: z.string().optional(),
});

/** Everything that HeadObject returns about an object. */
export const metaSchema = propertiesSchema.extend({
  key: z.string(),
  sizeBytes: z.number(),
  /** Upper-case hex MD5; for a multipart object with a dash and the number of parts. Without quotes. */
  eTag: z.string(),
  /** An unsigned decimal. */
  crc64: z.string().optional(),
  /** In Base64, of an object that has an MD5 although its ETag is another. */
  contentMd5: z.string().optional(),
  lastModifiedMs: z.number(),
});

export type ObjectTag = z.infer<typeof tagSchema>;
export type ObjectProperties = z.infer<typeof propertiesSchema>;
export type ObjectMeta = Readonly<z.infer<typeof metaSchema>>;

/** An object opened as it is now: later writes to its key do not affect it. */
export interface StoredObject {
  readonly meta: ObjectMeta;
  /** Streams bytes `start` to `end` inclusive, by default all, and closes the file. Call it only once. */
  stream(start?: number, end?: number): Readable;
  /** Closes the file, if it is still open. */
  close(): void;
}

export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Everything that is known about a body once it has been read. */
export interface Digest {
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly crc64: string;
}
