import type { Readable } from 'node:stream';
import { z } from 'zod';

const tagSchema = z.object({ key: z.string(), value: z.string() });

/** Everything that is kept of an object's making besides its bytes. */
export const propertiesSchema = z.object({
  /** Content-Type and the like, and `x-oss-meta-*`: lower-case names, one character a byte. */
  headers: z.record(z.string(), z.string()),
  /** The way the object came about, in the words of `x-oss-object-type`; `Normal` when absent. */
  type: z.enum(['Normal', 'Multipart', 'Appendable', 'Symlink']).optional(),
  /** `default`, i.e. the bucket's, when absent. */
  acl: z.string().optional(),
  /** `Standard` when absent. */
  storageClass: z.string().optional(),
  tags: z.array(tagSchema).optional(),
  /** Key of the object that a `Symlink` leads to. */
  symlinkTarget: z.string().optional(),
});

/** All that HeadObject tells of an object. */
export const metaSchema = propertiesSchema.extend({
  key: z.string(),
  sizeBytes: z.number(),
  /** Upper-case hex MD5, with the number of parts behind a dash for a multipart object; without quotes. */
  eTag: z.string(),
  /** Unsigned decimal. */
  crc64: z.string().optional(),
  /** Base64; of an object whose ETag is not its MD5, and which has one all the same. */
  contentMd5: z.string().optional(),
  lastModifiedMs: z.number(),
});

export type ObjectTag = z.infer<typeof tagSchema>;
export type ObjectProperties = z.infer<typeof propertiesSchema>;
export type ObjectMeta = Readonly<z.infer<typeof metaSchema>>;

/** An object opened as it is now: later writes of its key do not touch it. */
export interface StoredObject {
  readonly meta: ObjectMeta;
  /** Streams bytes `start` to `end`, both included, all by default, and closes the file. Call it once. */
  stream(start?: number, end?: number): Readable;
  /** Closes the file, if it is open yet. */
  close(): void;
}

export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** All that is known of a body once it has passed. */
export interface Digest {
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly crc64: string;
}
