import type { Logger } from '../../../log.ts';
import type { ImageProcessor } from '../../image/contract.ts';
import type { AccessKeys } from '../auth/access-keys.ts';
import { conflict, OssError } from '../http/errors.ts';
import type { Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import type { BucketSettings } from '../store/bucket-settings.ts';
import type { ObjectMeta } from '../store/object.ts';
import type { PutOptions, Store } from '../store/store.ts';
import type { Uploads } from '../store/uploads.ts';
import { checkAcl } from './acl.ts';
import type { TaskRunner } from './tasks.ts';

/** A change of an object in the request's bucket, reported once it is on disk. */
export interface ObjectChange {
  /** `ObjectCreated:PutObject`, without the `oss:` that triggers write before it. */
  readonly eventName: string;
  readonly meta: ObjectMeta;
  readonly deltaSizeBytes: number;
}

export type BucketStore = Store<BucketSettings>;

/** Everything that operations need besides their request. */
export interface Service {
  readonly region: string;
  /** The address of this server, such as `http://127.0.0.1:9000`; empty until it listens. */
  endpoint: string;
  readonly store: BucketStore;
  readonly uploads: Uploads;
  readonly accessKeys: AccessKeys;
  readonly tasks: TaskRunner;
  /** Whether placeholders replace what only Alibaba Cloud can make of videos, audio and documents. */
  readonly simulateTasks?: boolean | undefined;
  readonly processImage: ImageProcessor;
  readonly now: () => number;
  readonly log: Logger;
  /** Raises the event of a change that a request made. */
  readonly notify: (request: OssRequest, change: ObjectChange) => void;
  /** The key under which a save-as to `key` saves its result; a fault may change it. */
  readonly saveAsKey: (key: string) => string;
}

export type Operation = (service: Service, request: OssRequest) => Reply | Promise<Reply>;

/** Refuses a method that a resource does not have (documented: OSS help "HTTP status code 405"). */
export const refuseMethod = (): never => {
  throw new OssError(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
};

/**
 * Writes the object that a request names, and raises its event. Throws FileAlreadyExists for a key that must
 * not be overwritten: before reading the body and, because of concurrent writers, again before publishing.
 */
export async function createObject(
  service: Service,
  request: OssRequest,
  eventName: string,
  newObject: Omit<PutOptions, 'bucket' | 'key'>,
): Promise<ObjectMeta> {
  const { bucket, key } = request;
  const { objects, settings } = service.store.bucket(bucket);
  const guard = (previous: ObjectMeta | undefined) => {
    refuseOverwrite(request, previous);
    newObject.guard?.(previous);
  };
  guard(objects.get(key));
  checkAcl(service, bucket, newObject.acl);
  const { storageClass = settings.storageClass } = newObject;
  const { meta, previous } = await service.store.put({ ...newObject, bucket, key, storageClass, guard });
  const deltaSizeBytes = meta.sizeBytes - (previous?.sizeBytes ?? 0);
  service.notify(request, { eventName, meta, deltaSizeBytes });
  return meta;
}

/** Derives a request that writes to another place, and whose headers do not apply to the new object. */
export function redirected(request: OssRequest, bucket: string, key: string): OssRequest {
  return { ...request, bucket, key, headers: new Map() };
}

/** Throws FileAlreadyExists if the request forbids overwriting (documented: OSS help "PutObject"). */
export function refuseOverwrite({ headers }: OssRequest, previous: ObjectMeta | undefined): void {
  if (headers.get('x-oss-forbid-overwrite') === 'true' && previous !== undefined) {
    const message = 'The object you specified already exists and can not be overwritten.';
    throw conflict('FileAlreadyExists', message);
  }
}
