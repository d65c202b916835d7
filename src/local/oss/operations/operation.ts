import type { Logger } from '../../../log.ts';
import type { ProcessImage } from '../../image/contract.ts';
import type { AccessKeys } from '../auth/access-keys.ts';
import { conflict } from '../http/errors.ts';
import type { Reply } from '../http/reply.ts';
import type { Headers, OssRequest } from '../http/request.ts';
import type { BucketSettings } from '../store/bucket-settings.ts';
import type { ObjectMeta } from '../store/object.ts';
import type { PutOptions, Store } from '../store/store.ts';
import type { TaskRunner } from '../store/tasks.ts';
import type { Uploads } from '../store/uploads.ts';
import { checkAcl } from './public-access.ts';

/** A change of an object, told once what it is about is on disk. */
export interface ObjectChange {
  /** `ObjectCreated:PutObject`: without the `oss:` that triggers are written with. */
  readonly eventName: string;
  readonly bucket: string;
  readonly meta: ObjectMeta;
  readonly deltaSizeBytes: number;
}

export type BucketStore = Store<BucketSettings>;

/** Everything that operations work with, besides their request. */
export interface Service {
  readonly region: string;
  /** The address of this server, e.g. `http://127.0.0.1:9000`; empty until it listens. */
  endpoint: string;
  readonly store: BucketStore;
  readonly uploads: Uploads;
  readonly accessKeys: AccessKeys;
  readonly tasks: TaskRunner;
  /** Placeholders stand in for what only Alibaba Cloud makes of videos, audio and documents. */
  readonly simulateTasks: boolean;
  readonly processImage: ProcessImage;
  readonly now: () => number;
  readonly log: Logger;
  /** Raises the event of a change that this request made. */
  readonly notify: (request: OssRequest, change: ObjectChange) => void;
  /** The key under which a save-as to `key` puts its result; a fault may give another one. */
  readonly saveAsKey: (key: string) => string;
}

export type Operation = (service: Service, request: OssRequest) => Reply | Promise<Reply>;

interface NewObject extends Omit<PutOptions, 'bucket' | 'key'> {
  /** The request's own unless given, as the two below. */
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly isOverwriteForbidden?: boolean | undefined;
}

/**
 * Writes an object and raises its event. FileAlreadyExists for a key that is taken and may not be overwritten: before
 * the body is read and, for two writers at a time, once more before it is published.
 */
export async function createObject(
  service: Service,
  request: OssRequest,
  eventName: string,
  newObject: NewObject,
): Promise<ObjectMeta> {
  const {
    bucket = request.bucket,
    key = request.key,
    isOverwriteForbidden = isOverwriteForbiddenBy(request.headers),
    ...options
  } = newObject;
  const { store, notify } = service;
  const { objects, settings } = store.bucket(bucket);
  const guard = (previous: ObjectMeta | undefined) => {
    refuseOverwrite(isOverwriteForbidden, previous);
    options.guard?.(previous);
  };
  guard(objects.get(key));
  checkAcl(service, bucket, options.acl);
  const { storageClass = settings.storageClass } = options;
  const { meta, previous } = await store.put({ ...options, bucket, key, storageClass, guard });
  const deltaSizeBytes = meta.sizeBytes - (previous?.sizeBytes ?? 0);
  notify(request, { eventName, bucket, meta, deltaSizeBytes });
  return meta;
}

/** `x-oss-forbid-overwrite: true` (documented: OSS help "PutObject"). */
export function isOverwriteForbiddenBy(headers: Headers): boolean {
  return headers.get('x-oss-forbid-overwrite') === 'true';
}

/** Throws FileAlreadyExists where an object is there and may not be overwritten. */
export function refuseOverwrite(isForbidden: boolean, previous: ObjectMeta | undefined): void {
  if (isForbidden && previous !== undefined) {
    const message = 'The object you specified already exists and can not be overwritten.';
    throw conflict('FileAlreadyExists', message);
  }
}
