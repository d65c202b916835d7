import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../../log.ts';
import { OssError } from '../http/errors.ts';

/** An asynchronous call. */
export interface TaskRequest {
  readonly kind: string;
  readonly bucket: string;
  readonly object: string;
  readonly process: string;
  /** The topic to which OSS would send the outcome. */
  readonly topic: string | undefined;
}

/** Runs `work` once the caller is answered; what it resolves to is the result, what it throws the failure. */
export type StartTask = (request: TaskRequest, work: () => Promise<string>) => TaskIds;

/** The answer of AsyncProcessObject; its forms are those of the tests of alibabacloud-oss-go-sdk-v2. */
export interface TaskIds {
  readonly EventId: string;
  readonly RequestId: string;
  readonly TaskId: string;
}

/**
 * Asynchronous tasks. How one ended is a log line and `tasks/{TaskId}.json` under `dataDir`, which stands for the
 * message that OSS would send to the topic (its fields are assumed); a task that the server's end cuts short leaves none.
 */
export function createTaskRunner(dataDir: string, now: () => number, log: Logger): StartTask {
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
    const path = join(tasksDir, `${taskId}.json`);
    const endTime = new Date(now()).toISOString();
    writeFileSync(`${path}.tmp`, `${JSON.stringify({ ...task, startTime, endTime }, null, 2)}\n`);
    renameSync(`${path}.tmp`, path);
    log[outcome.status === 'Failed' ? 'warn' : 'info']('asynchronous task ended', task);
  }

  return (request, work) => {
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
  };
}

function describeFailure(error: unknown): { code: string; message: string } {
  const code = error instanceof OssError ? error.code : 'InternalError';
  return { code, message: error instanceof Error ? error.message : String(error) };
}
