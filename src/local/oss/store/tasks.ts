import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../../log.ts';

/** What an asynchronous call asked for. */
export interface TaskRequest {
  readonly kind: string;
  readonly bucket: string;
  readonly object: string;
  readonly process: string;
  /** Where OSS would send the outcome. */
  readonly topic: string | undefined;
}

/** As AsyncProcessObject answers; forms as alibabacloud-oss-go-sdk-v2 has them in its tests. */
export interface TaskIds {
  readonly EventId: string;
  readonly RequestId: string;
  readonly TaskId: string;
}

export interface TaskLog {
  /** Runs `work` once the caller is answered; what it resolves to is the result, what it throws the failure. */
  start(request: TaskRequest, work: () => Promise<string>): TaskIds;
}

/**
 * Asynchronous tasks. How one ended is a log line and `tasks/{TaskId}.json` under `dataDir`, which stands for the
 * message that OSS would send to the topic (its fields are assumed); a task that the server's end cuts short leaves none.
 */
export function openTasks(dataDir: string, now: () => number, log: Logger): TaskLog {
  const tasksDir = join(dataDir, 'tasks');
  mkdirSync(tasksDir, { recursive: true });

  async function run(ids: TaskIds, request: TaskRequest, work: () => Promise<string>): Promise<void> {
    const startTime = new Date(now()).toISOString();
    const outcome = await work().then(
      (content) => ({ status: 'Succeeded', content }),
      (error: unknown) => ({ status: 'Failed', ...describeFailure(error) }),
    );
    const { TaskId: taskId, EventId: eventId, RequestId: requestId } = ids;
    const task = { taskId, eventId, requestId, ...request, ...outcome };
    const times = { startTime, endTime: new Date(now()).toISOString() };
    const path = join(tasksDir, `${taskId}.json`);
    writeFileSync(`${path}.tmp`, `${JSON.stringify({ ...task, ...times }, null, 2)}\n`);
    renameSync(`${path}.tmp`, path);
    if (outcome.status === 'Failed') {
      log.warn('asynchronous task failed', task);
    } else {
      log.info('asynchronous task succeeded', task);
    }
  }

  return {
    start: (request, work) => {
      const ids = {
        EventId: `181-${randomBytes(20).toString('base64url')}`,
        RequestId: randomUUID().toUpperCase(),
        TaskId: `${request.kind}-${randomUUID()}`,
      };
      setImmediate(() => {
        run(ids, request, work).catch((error: unknown) =>
          log.error('asynchronous task not recorded', { taskId: ids.TaskId, reason: String(error) }),
        );
      });
      return ids;
    },
  };
}

function describeFailure(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) {
    return { code: 'InternalError', message: String(error) };
  }
  return { code: 'code' in error ? String(error.code) : 'InternalError', message: error.message };
}
