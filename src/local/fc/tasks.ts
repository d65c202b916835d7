import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { QueueOptions } from './queue.ts';

/** The states of an asynchronous task (FC help: "AsyncTask"). */
type Status = 'Enqueued' | 'Running' | 'Retrying' | 'Stopping' | 'Succeeded' | 'Failed' | 'Stopped';

const ended: ReadonlySet<Status> = new Set(['Succeeded', 'Failed', 'Stopped']);

/** One task, with the names that Function Compute's API gives its fields; the times, which nobody asks for, are left out. */
export interface AsyncTask {
  taskId: string;
  status: Status;
  requestId: string;
  alreadyRetriedTimes: number;
  taskErrorMessage?: string | undefined;
  returnPayload?: string | undefined;
  taskPayload: string;
}

/** `reservedConcurrency` of the function that runs them; its instances serve uploads as well. */
const concurrency = 1;

export type Tasks = ReturnType<typeof createTasks>;

/**
 * Asynchronous tasks as Function Compute runs them: once for each id, tried again after a function error after as many
 * pauses as are given, which are none in a backfill's deployment. They are held in memory: a backfill submits again what a restart has lost.
 */
export function createTasks(invoke: QueueOptions['invoke'], retryDelaysMs: readonly number[] = []) {
  const byId = new Map<string, AsyncTask>();
  const inTurn = pLimit(concurrency);
  const closing = new AbortController();
  const { signal } = closing;

  async function run(task: AsyncTask): Promise<void> {
    for (let retries = 0; !signal.aborted && !ended.has(task.status); retries += 1) {
      task.status = 'Running';
      task.alreadyRetriedTimes = retries;
      const result = await invoke(Buffer.from(task.taskPayload), task.requestId);
      const delayMs = retryDelaysMs[retries];
      // It may have been stopped while the function ran.
      if (byId.get(task.taskId)?.status === 'Stopping') {
        task.status = 'Stopped';
      } else if (result.status === 'succeeded') {
        task.status = 'Succeeded';
        task.returnPayload = result.body.toString();
      } else if (delayMs === undefined) {
        task.status = 'Failed';
        task.taskErrorMessage = result.error.errorMessage;
      } else {
        task.status = 'Retrying';
        await pause(delayMs, undefined, { signal });
      }
    }
  }

  return {
    /** All there ever were, by id, in the order of acceptance. */
    byId,
    /** Accepts a task; false where one of this id was accepted before, whatever became of it. */
    submit: (taskId: string, payload: Buffer): boolean => {
      if (byId.has(taskId)) {
        return false;
      }
      const [requestId, taskPayload] = [randomUUID(), payload.toString()];
      const task: AsyncTask = { taskId, requestId, status: 'Enqueued', alreadyRetriedTimes: 0, taskPayload };
      byId.set(taskId, task);
      void inTurn(() => run(task)).catch((error: unknown) => {
        // A task that our own end interrupts has not failed.
        if (!signal.aborted) {
          Object.assign(task, { status: 'Failed', taskErrorMessage: String(error) });
        }
      });
      return true;
    },
    stop,
    close: () => closing.abort(),
  };
}

/** A waiting task is not begun; a running one is not tried again, and is called stopped when it has ended. */
function stop(task: AsyncTask): void {
  if (task.status === 'Running') {
    task.status = 'Stopping';
  } else if (task.status === 'Enqueued' || task.status === 'Retrying') {
    task.status = 'Stopped';
  }
}
