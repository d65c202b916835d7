import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import type { QueueOptions } from './queue.ts';

/** The states of an asynchronous task (FC help: "AsyncTask"). */
type TaskStatus = 'Enqueued' | 'Running' | 'Stopping' | 'Succeeded' | 'Failed' | 'Stopped';

/** One task, with the field names of FC's API. The times are left out, because nothing asks for them. */
export interface AsyncTask {
  taskId: string;
  status: TaskStatus;
  requestId: string;
  taskErrorMessage?: string | undefined;
  taskPayload: string;
}

/** The `reservedConcurrency` of the function that runs them. Its instances also serve uploads. */
const concurrency = 1;

export type Tasks = ReturnType<typeof createTasks>;

/** Runs one task per id, even after an error. Tasks are in memory only: a backfill resubmits lost ones. */
export function createTasks(invoke: QueueOptions['invoke']) {
  const byId = new Map<string, AsyncTask>();
  const inTurn = pLimit(concurrency);

  async function run(task: AsyncTask): Promise<void> {
    if (task.status === 'Stopped') {
      return;
    }
    task.status = 'Running';
    const result = await invoke(Buffer.from(task.taskPayload), task.requestId);
    // It may have been stopped while the function ran.
    if (byId.get(task.taskId)?.status === 'Stopping') {
      task.status = 'Stopped';
    } else if (result.status === 'succeeded') {
      task.status = 'Succeeded';
    } else {
      task.status = 'Failed';
      task.taskErrorMessage = result.error.errorMessage;
    }
  }

  return {
    /** All tasks ever submitted, by id, in the order of acceptance. */
    byId,
    /** Accepts a task; false if one with this id was accepted before, whatever became of it. */
    submit: (taskId: string, payload: Buffer): boolean => {
      if (byId.has(taskId)) {
        return false;
      }
      const [requestId, taskPayload] = [randomUUID(), payload.toString()];
      const task: AsyncTask = { taskId, requestId, status: 'Enqueued', taskPayload };
      byId.set(taskId, task);
      inTurn(() => run(task)).catch((error: unknown) => {
        Object.assign(task, { status: 'Failed', taskErrorMessage: String(error) });
      });
      return true;
    },
    stop,
  };
}

/** A waiting task does not start; a running one is reported as stopped once it has ended. */
function stop(task: AsyncTask): void {
  if (task.status === 'Running') {
    task.status = 'Stopping';
  } else if (task.status === 'Enqueued') {
    task.status = 'Stopped';
  }
}
