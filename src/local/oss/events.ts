import { createHash } from 'node:crypto';
import { formatObject } from '../../pipeline/result.ts';
import { accountId } from './auth/access-keys.ts';
import { decodeUtf8 } from './http/names.ts';
import type { OssRequest } from './http/request.ts';
import type { ObjectChange, Service } from './operations/operation.ts';
import type { EndedTask } from './operations/tasks.ts';
import type { ObjectMeta } from './store/object.ts';

export type OssEventRecord = ReturnType<typeof eventRecord>;

/** One record of OSS's native event notification (documented: FC help "Event formats of triggers"). */
export function eventRecord(
  { eventName, meta, deltaSizeBytes }: ObjectChange,
  { bucket, sourceIp, requestId, principalId }: OssRequest,
  { region, now }: Pick<Service, 'region' | 'now'>,
) {
  const arn = `acs:oss:${region}:${accountId}:${bucket}`;
  return {
    eventName,
    eventSource: 'acs:oss',
    eventTime: new Date(now()).toISOString(),
    eventVersion: '1.0',
    oss: {
      bucket: { arn, name: bucket, ownerIdentity: accountId, virtualBucket: '' },
      object: {
        deltaSize: deltaSizeBytes,
        eTag: meta.eTag,
        key: meta.key,
        objectMeta: objectMeta(meta),
        size: meta.sizeBytes,
      },
      ossSchemaVersion: '1.0',
      // The id of a notification rule; here, one rule covers all events of a bucket.
      ruleId: createHash('sha1').update(arn).digest('hex'),
    },
    region,
    requestParameters: { sourceIPAddress: sourceIp },
    responseElements: { requestId },
    userIdentity: { principalId },
  };
}

function objectMeta({ headers }: ObjectMeta): { mimeType: string; userMeta?: Record<string, string> } {
  const mimeType = headers['content-type'] ?? '';
  const userMeta = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-oss-meta-'))
    .map(([name, value]) => [name, decodeUtf8(Buffer.from(value, 'latin1')) ?? value] as const);
  return userMeta.length === 0 ? { mimeType } : { mimeType, userMeta: Object.fromEntries(userMeta) };
}

export type TaskEvent = ReturnType<typeof taskEvent>;

/**
 * The event for a task's end as EventBridge delivers it. Documented: its type and source (EventBridge help,
 * "IMM events") and its fields (IMM help, "Asynchronous notification messages"). Assumed: `data` has them.
 */
export function taskEvent(task: EndedTask, region: string) {
  const type = `imm:Task:${task.kind}`;
  const failure = task.status === 'Failed' ? task : { code: '', message: '' };
  const targets = task.status === 'Failed' ? [] : (task.targets ?? []);
  return {
    id: task.eventId,
    source: 'acs.imm',
    specversion: '1.0',
    type,
    subject: `acs:imm:${region}:${accountId}:local/${type}`,
    time: task.endTime,
    datacontenttype: 'application/json',
    aliyunaccountid: accountId,
    aliyunregionid: region,
    data: {
      ProjectName: 'local',
      DatasetName: '',
      RequestId: task.requestId,
      StartTime: task.startTime,
      EndTime: task.endTime,
      UserData: '',
      TaskType: task.kind,
      TaskId: task.taskId,
      Status: task.status,
      Code: failure.code,
      Message: failure.message,
      EventSourceId: '',
      Sources: [{ URI: formatObject(task) }],
      Targets: targets.map((target) => ({ URI: formatObject(target) })),
    },
  };
}
