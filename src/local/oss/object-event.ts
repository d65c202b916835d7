import { createHash } from 'node:crypto';
import { decodeUtf8 } from './http/names.ts';
import type { ObjectMeta } from './store/object-file.ts';

export interface ObjectChange {
  /** `ObjectCreated:PutObject`: without the `oss:` that triggers are written with. */
  readonly eventName: string;
  readonly bucket: string;
  readonly meta: ObjectMeta;
  readonly deltaSizeBytes: number;
  readonly timeMs: number;
  readonly region: string;
  readonly accountId: string;
  readonly requestId: string;
  readonly sourceIp: string;
  readonly principalId: string;
}

export type OssEventRecord = ReturnType<typeof eventRecord>;

/** One record of OSS's native event notification (documented: FC help "Event formats of triggers"). */
export function eventRecord(change: ObjectChange) {
  const { bucket, meta, region, accountId } = change;
  const arn = `acs:oss:${region}:${accountId}:${bucket}`;
  return {
    eventName: change.eventName,
    eventSource: 'acs:oss',
    eventTime: new Date(change.timeMs).toISOString(),
    eventVersion: '1.0',
    oss: {
      bucket: { arn, name: bucket, ownerIdentity: accountId, virtualBucket: '' },
      object: {
        deltaSize: change.deltaSizeBytes,
        eTag: meta.eTag,
        key: meta.key,
        objectMeta: objectMeta(meta),
        size: meta.sizeBytes,
      },
      ossSchemaVersion: '1.0',
      // The id of a notification rule; there is one for all events of a bucket here.
      ruleId: createHash('sha1').update(arn).digest('hex'),
    },
    region,
    requestParameters: { sourceIPAddress: change.sourceIp },
    responseElements: { requestId: change.requestId },
    userIdentity: { principalId: change.principalId },
  };
}

function objectMeta({ headers }: ObjectMeta): { mimeType: string; userMeta?: Record<string, string> } {
  const mimeType = headers['content-type'] ?? '';
  const userMeta = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-oss-meta-'))
    .map(([name, value]) => [name, decodeUtf8(Buffer.from(value, 'latin1')) ?? value] as const);
  return userMeta.length === 0 ? { mimeType } : { mimeType, userMeta: Object.fromEntries(userMeta) };
}
