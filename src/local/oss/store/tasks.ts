import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { Logger } from '../../../log.ts';
import type { OssObject } from '../../../process.ts';
import { writeJsonFile } from '../../data-folder.ts';
import { OssError } from '../http/errors.ts';

/** An asynchronous call. */
interface TaskRequest {
  /** IMM's type of the task, such as `MediaConvert`. */
  readonly kind: string;
  /** Category and action: `video/convert`. */
  readonly operation: string;
  readonly bucket: string;
  readonly object: string;
  readonly process: string;
  /** The topic to which OSS would send the outcome. */
  readonly topic: string | undefined;
}

/** The result of a task: a text for the message alone, or objects. */
interface TaskResult {
  readonly content?: string | undefined;
  readonly targets?: readonly OssObject[] | undefined;
}

type TaskOutcome =
  | ({ readonly status: 'Succeeded' } & TaskResult)
  | { readonly status: 'Failed'; readonly code: string; readonly message: string };

type TaskIds = Readonly<Record<'taskId' | 'eventId' | 'requestId', string>>;

/** A task at its end; the times are ISO 8601. */
export type EndedTask = TaskRequest &
  TaskOutcome &
  TaskIds & { readonly startTime: string; readonly endTime: string };

export type TaskRunner = ReturnType<typeof createTaskRunner>;

interface TaskRunnerOptions {
  readonly dataDir: string;
  readonly now: () => number;
  readonly log: Logger;
  /** Called with each task once its file is written. */
  readonly onEnd: (task: EndedTask) => void;
}

/**
 * Asynchronous tasks. How one ended is a log line and `tasks/{TaskId}.json` under `dataDir` (its fields are assumed); a
 * task that the server's end cuts short leaves none.
 */
export function createTaskRunner({ dataDir, now, log, onEnd }: TaskRunnerOptions) {
  const tasksDir = join(dataDir, 'tasks');
  mkdirSync(tasksDir, { recursive: true });

  async function run(ids: TaskIds, request: TaskRequest, work: () => Promise<TaskResult>) {
    const startTime = new Date(now()).toISOString();
    const outcome = await work().then(
      (result): TaskOutcome => ({ status: 'Succeeded', ...result }),
      describeFailure,
    );
    const endTime = new Date(now()).toISOString();
    const task: EndedTask = { ...ids, ...request, ...outcome, startTime, endTime };
    writeJsonFile(join(tasksDir, `${task.taskId}.json`), task);
    log[outcome.status === 'Failed' ? 'warn' : 'info']('asynchronous task ended', { ...task });
    onEnd(task);
  }

  const underWay = new PQueue();

  return {
    /**
     * Runs `work` once the caller is answered; what it resolves to is the result, what it throws the failure. The forms of
     * the ids are those of the tests of alibabacloud-oss-go-sdk-v2.
     */
    start: (request: TaskRequest, work: () => Promise<TaskResult>) => {
      const ids = {
        taskId: `${request.kind}-${randomUUID()}`,
        eventId: `181-${randomBytes(20).toString('base64url')}`,
        requestId: randomUUID().toUpperCase(),
      };
      const record = () =>
        run(ids, request, work).catch((error: unknown) =>
          log.error('asynchronous task not recorded', { taskId: ids.taskId, reason: String(error) }),
        );
      void underWay.add(() => setImmediate().then(record));
      return ids;
    },
    /** Resolves when no task is under way any more, so that nothing is written after that. */
    ended: () => underWay.onIdle(),
  };
}

function describeFailure(error: unknown): TaskOutcome {
  const code = error instanceof OssError ? error.code : 'InternalError';
  return { status: 'Failed', code, message: error instanceof Error ? error.message : String(error) };
}
