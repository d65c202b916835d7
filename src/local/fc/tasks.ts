import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { InvocationResult } from './instance-process.ts';

/** The states of an asynchronous task (FC help: "AsyncTask"). */
type Status = 'Enqueued' | 'Running' | 'Retrying' | 'Stopping' | 'Succeeded' | 'Failed' | 'Stopped';

/** One task, with the names that Function Compute's API gives its fields. */
export interface AsyncTask {
  taskId: string;
  status: Status;
  requestId: string;
  /** Epoch ms of acceptance. */
  startedTime: number;
  endTime?: number | undefined;
  durationMs?: number | undefined;
  alreadyRetriedTimes: number;
  taskErrorMessage?: string | undefined;
  taskPayload: string;
}

/** `reservedConcurrency` of the function that runs them; its instances serve uploads as well. */
const concurrency = 1;

export type Tasks = ReturnType<typeof createTasks>;

/**
 * Asynchronous tasks as Function Compute runs them: once for each id, tried again after a function error. They are held in
 * memory: a backfill submits again what a restart has lost.
 */
export function createTasks(
  invoke: (event: Buffer) => Promise<InvocationResult>,
  retryDelaysMs: readonly number[] = [1_000, 2_000, 4_000],
) {
  const byId = new Map<string, AsyncTask>();
  const inTurn = pLimit(concurrency);
  const closing = new AbortController();
  const { signal } = closing;

  async function run(task: AsyncTask): Promise<void> {
    for (let retries = 0; !signal.aborted && task.endTime === undefined; retries += 1) {
      task.status = 'Running';
      task.alreadyRetriedTimes = retries;
      const result = await invoke(Buffer.from(task.taskPayload));
      const delayMs = retryDelaysMs[retries];
      // It may have been stopped while the function ran.
      if (byId.get(task.taskId)?.status === 'Stopping') {
        end(task, 'Stopped');
      } else if (result.status === 'succeeded') {
        end(task, 'Succeeded');
      } else if (delayMs === undefined) {
        end(task, 'Failed', result.error.errorMessage);
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
      const ids = { taskId, requestId: randomUUID() };
      const start = { status: 'Enqueued' as const, startedTime: Date.now(), alreadyRetriedTimes: 0 };
      const task = { ...ids, ...start, taskPayload: payload.toString() };
      byId.set(taskId, task);
      // A task that our own end interrupts has not failed.
      void inTurn(() => run(task)).catch(() => {});
      return true;
    },
    /** A waiting task is not begun; a running one is not tried again, and is called stopped when it has ended. */
    stop: (task: AsyncTask): void => {
      if (task.status === 'Running') {
        task.status = 'Stopping';
      } else if (task.endTime === undefined) {
        end(task, 'Stopped');
      }
    },
    close: () => closing.abort(),
  };
}

function end(task: AsyncTask, status: Status, taskErrorMessage?: string): void {
  const endTime = Date.now();
  Object.assign(task, { status, endTime, durationMs: endTime - task.startedTime, taskErrorMessage });
}
