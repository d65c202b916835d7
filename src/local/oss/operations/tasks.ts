import { randomBytes, randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { Logger } from '../../../log.ts';
import type { OssObject } from '../../../process.ts';
import { OssError } from '../http/errors.ts';
import type { Process } from './process.ts';

/** An asynchronous call, with the object that it is about. */
interface TaskRequest extends Process, OssObject {
  /** IMM's type of the task, such as `MediaConvert`. */
  readonly kind: string;
}

/** The result of a task: objects, or a text that is only logged. */
interface TaskResult {
  readonly content?: string | undefined;
  readonly targets?: readonly OssObject[] | undefined;
}

type TaskOutcome =
  | ({ readonly status: 'Succeeded' } & TaskResult)
  | { readonly status: 'Failed'; readonly code: string; readonly message: string };

/** A task that has ended; the times are ISO 8601. */
export type EndedTask = TaskRequest &
  TaskOutcome &
  Readonly<Record<'taskId' | 'eventId' | 'requestId' | 'startTime' | 'endTime', string>>;

export type TaskRunner = ReturnType<typeof createTaskRunner>;

/** Runs asynchronous tasks. Each end is logged and passed to `onEnd`, unless the server stops first. */
export function createTaskRunner(now: () => number, log: Logger, onEnd: (task: EndedTask) => void) {
  const underWay = new PQueue();
  const timestamp = () => new Date(now()).toISOString();
  return {
    /**
     * Runs `work` after the caller has been answered; it resolves to the result, or throws the failure. The
     * ids look like those in the tests of alibabacloud-oss-go-sdk-v2.
     */
    start: (request: TaskRequest, work: () => Promise<TaskResult>) => {
      const ids = {
        taskId: `${request.kind}-${randomUUID()}`,
        eventId: `181-${randomBytes(20).toString('base64url')}`,
        requestId: randomUUID().toUpperCase(),
      };
      void underWay.add(async () => {
        await setImmediate();
        const startTime = timestamp();
        const outcome = await work().then(
          (result): TaskOutcome => ({ status: 'Succeeded', ...result }),
          describeFailure,
        );
        const task: EndedTask = { ...ids, ...request, ...outcome, startTime, endTime: timestamp() };
        log[outcome.status === 'Failed' ? 'warn' : 'info']('asynchronous task ended', { ...task });
        onEnd(task);
      });
      return ids;
    },
    /** Resolves when no task is under way any more, so that nothing is written afterwards. */
    ended: () => underWay.onIdle(),
  };
}

function describeFailure(error: unknown): TaskOutcome {
  const code = error instanceof OssError ? error.code : 'InternalError';
  return { status: 'Failed', code, message: error instanceof Error ? error.message : String(error) };
}
