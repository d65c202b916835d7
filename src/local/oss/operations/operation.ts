import type { ProcessImage } from '../../image/contract.ts';
import type { AccessKeys } from '../auth/access-keys.ts';
import type { Principal } from '../auth/authenticate.ts';
import { conflict } from '../http/errors.ts';
import type { Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import type { ObjectMeta } from '../store/object-file.ts';
import type { PutOptions, Store } from '../store/store.ts';
import type { TaskLog } from '../store/tasks.ts';
import type { Uploads } from '../store/uploads.ts';

/** An event of an object, told once what it is about is on disk. */
export interface Notification {
  /** `ObjectCreated:PutObject`: without the `oss:` that triggers are written with. */
  readonly eventName: string;
  readonly bucket: string;
  readonly meta: ObjectMeta;
  readonly deltaSizeBytes: number;
  /** Who did it; the request's principal unless the signature is in a form. */
  readonly principalId?: string;
}

/** What an operation works with. */
export interface OperationContext {
  readonly request: OssRequest;
  readonly principal: Pick<Principal, 'principalId'>;
  readonly principalOf: AccessKeys['principalOf'];
  readonly store: Store;
  readonly uploads: Uploads;
  readonly tasks: TaskLog;
  readonly region: string;
  readonly accountId: string;
  /** Where this server is reached, e.g. `http://127.0.0.1:9000`. */
  readonly endpoint: string;
  readonly now: () => number;
  readonly processImage: ProcessImage;
  readonly notify: (notification: Notification) => void;
}

export type RunOperation = (context: OperationContext) => Reply | Promise<Reply>;

/** One row of the table of operations. */
export interface Operation {
  /** OSS's name for it. */
  readonly name: string;
  /** Query parameters it understands besides the sub-resource that selects it. */
  readonly parameters?: readonly string[];
  /** `x-oss-*` and conditional headers it understands, each with the values it does; any value where there is no list. */
  readonly headers?: Readonly<Record<string, readonly string[] | undefined>>;
  /** What an ACL must grant to the public for a request without signature; `form`: the signature is in the body. */
  readonly access?: 'read' | 'write' | 'form';
  /** Absent for what OSS has and the local OSS has not. */
  readonly run?: RunOperation;
}

/**
 * Writes an object and tells of it. With `isOverwriteForbidden`, FileAlreadyExists for a key that is taken: before the
 * body is read and, for two writers at a time, once more before it is published.
 */
export async function createObject(
  { store, notify }: OperationContext,
  eventName: string,
  {
    isOverwriteForbidden = false,
    principalId,
    ...options
  }: PutOptions & { isOverwriteForbidden?: boolean; principalId?: string },
): Promise<ObjectMeta> {
  const { bucket, key } = options;
  const refuse = (previous: ObjectMeta | undefined) => {
    if (previous !== undefined && isOverwriteForbidden) {
      throw fileAlreadyExists();
    }
    options.guard?.(previous);
  };
  const { objects, settings } = store.bucket(bucket);
  refuse(objects.get(key));
  const { storageClass = settings.storageClass } = options;
  const { meta, previous } = await store.put({ ...options, storageClass, guard: refuse });
  const deltaSizeBytes = meta.sizeBytes - (previous?.sizeBytes ?? 0);
  notify({ eventName, bucket, meta, deltaSizeBytes, ...(principalId !== undefined && { principalId }) });
  return meta;
}

/** `x-oss-forbid-overwrite: true` (documented: OSS help "PutObject"). */
export function isOverwriteForbidden(headers: ReadonlyMap<string, string>): boolean {
  return headers.get('x-oss-forbid-overwrite') === 'true';
}

export function fileAlreadyExists(): Error {
  const message = 'The object you specified already exists and can not be overwritten.';
  return conflict('FileAlreadyExists', message);
}
