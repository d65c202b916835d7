import { formatObject } from '../../pipeline/result.ts';
import type { OssObject } from '../../process.ts';
import { accountId } from './auth/access-keys.ts';
import type { EndedTask } from './store/tasks.ts';

export type TaskEvent = ReturnType<typeof taskEvent>;

/**
 * The event of a task's end as EventBridge delivers it. Documented are its type and source (EventBridge help, "IMM events")
 * and the fields of the content (IMM help, "Asynchronous notification messages"); assumed is that `data` holds them.
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
      Sources: [{ URI: formatObject({ bucket: task.bucket, key: task.object }) }],
      Targets: describeTargets(task.operation, targets),
    },
  };
}

/** Pictures of a video are listed by their kind, as in the example of the page; any other result is a target of its own. */
function describeTargets(operation: string, targets: readonly OssObject[]): object[] {
  const uris = targets.map((target) => ({ URI: formatObject(target) }));
  const kinds: Readonly<Record<string, string>> = {
    'video/snapshots': 'Snapshots',
    'video/sprite': 'Sprites',
    'video/animation': 'Animations',
  };
  const kind = kinds[operation];
  return kind === undefined || uris.length === 0 ? uris : [{ URI: '', Image: { [kind]: uris } }];
}
