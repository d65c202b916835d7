import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { badRequest, notFound, type OssError } from '../http/errors.ts';
import type { OssRequest } from '../http/request.ts';
import { compareUtf8 } from './listing.ts';
import { type Bytes, type ObjectMeta, type ObjectProperties, propertiesSchema } from './object.ts';
import { Store, type StoreOptions } from './store.ts';

const uploadSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  initiatedMs: z.number(),
  /** The properties of the future object. */
  properties: propertiesSchema,
  /** Whether parts come in order, so that the object has an MD5 of its own. */
  isSequential: z.boolean(),
});

/** A multipart upload that is neither completed nor aborted. */
export interface MultipartUpload extends z.infer<typeof uploadSchema> {
  readonly id: string;
  /** Sorted by part number. */
  readonly parts: ReadonlyMap<number, ObjectMeta>;
}

/** Multipart uploads, stored like buckets: a folder for each, with its parts as objects named by number. */
export class Uploads {
  readonly #store: Store<z.infer<typeof uploadSchema>>;
  readonly #now: () => number;

  constructor(options: Omit<StoreOptions<never>, 'settingsSchema'>) {
    this.#store = new Store({ ...options, settingsSchema: uploadSchema });
    this.#now = options.now;
  }

  /** Begins an upload. `properties` are those of the future object. */
  initiate(bucket: string, key: string, properties: ObjectProperties, isSequential = false): MultipartUpload {
    const id = randomBytes(16).toString('hex').toUpperCase();
    this.#store.createBucket(id, { bucket, key, initiatedMs: this.#now(), properties, isSequential });
    return this.#upload(id);
  }

  /** A request's upload. Throws NoSuchUpload, whose ec varies (live tests of alibabacloud-oss-go-sdk-v2). */
  find({ bucket, key, query }: OssRequest, ec?: string): MultipartUpload {
    const id = query.get('uploadId') ?? '';
    const upload = this.#store.has(id) ? this.#upload(id) : undefined;
    if (upload?.bucket !== bucket || upload.key !== key) {
      throw noSuchUpload(id, ec);
    }
    return upload;
  }

  /** The uploads to a bucket, sorted by key and then by id. */
  list(bucket: string): MultipartUpload[] {
    return this.#store
      .bucketNames()
      .map((id) => this.#upload(id))
      .filter((upload) => upload.bucket === bucket)
      .sort((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.id, b.id));
  }

  /** Streams a part to disk, encrypted like its upload, and replaces one with the same number. */
  async putPart({ id, properties }: MultipartUpload, number: number, source: Bytes): Promise<ObjectMeta> {
    const part = { bucket: id, key: String(number), source, headers: properties.headers };
    return (await this.#orGone(id, this.#store.put(part))).meta;
  }

  /** The bytes of parts in order. Throws NoSuchUpload if they are gone, InvalidPart if one was replaced. */
  async *read({ id }: MultipartUpload, parts: readonly ObjectMeta[]): AsyncGenerator<Uint8Array> {
    for (const { key, eTag } of parts) {
      const part = await this.#orGone(id, this.#store.open(id, key));
      if (part.meta.eTag !== eTag) {
        part.close();
        throw invalidPart();
      }
      yield* part.stream();
    }
  }

  remove({ id }: MultipartUpload): void {
    if (this.#store.has(id)) {
      this.#store.removeBucket(id);
    }
  }

  /** Makes work fail with NoSuchUpload if the upload was completed or aborted in the meantime. */
  #orGone<T>(id: string, work: Promise<T>): Promise<T> {
    return work.catch((error) => {
      throw this.#store.has(id) ? error : noSuchUpload(id);
    });
  }

  #upload(id: string): MultipartUpload {
    const { settings, objects } = this.#store.bucket(id);
    const parts = [...objects.values()].map((part) => [Number(part.key), part] as const);
    return { id, ...settings, parts: new Map(parts.sort(([a], [b]) => a - b)) };
  }
}

/** The error for a part that is missing, or not the one that was named. */
export function invalidPart(): OssError {
  const mismatch = "the specified entity tag might not have matched the part's entity tag";
  const message = `One or more of the specified parts could not be found or ${mismatch}.`;
  return badRequest('InvalidPart', message);
}

function noSuchUpload(id: string, ec = '0042-00000002'): OssError {
  const cause = 'The upload ID may be invalid, or the upload may have been aborted or completed.';
  const message = `The specified upload does not exist. ${cause}`;
  return notFound('NoSuchUpload', message, { ec, extra: { UploadId: id } });
}
