import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import type { QueueOptions } from './queue.ts';

/** The states of an asynchronous task (FC help: "AsyncTask"). */
type TaskStatus = 'Enqueued' | 'Running' | 'Stopping' | 'Succeeded' | 'Failed' | 'Stopped';

/** One task, its fields named as in FC's API; the times, which nobody asks for, are left out. */
export interface AsyncTask {
  taskId: string;
  status: TaskStatus;
  requestId: string;
  taskErrorMessage?: string | undefined;
  taskPayload: string;
}

/** `reservedConcurrency` of the function that runs them; its instances serve uploads as well. */
const concurrency = 1;

export type Tasks = ReturnType<typeof createTasks>;

/** Tasks run once for each id, even after an error; held in memory, as a backfill submits lost ones again. */
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
    /** All there ever were, by id, in the order of acceptance. */
    byId,
    /** Accepts a task; false where one of this id was accepted before, whatever became of it. */
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

/** A waiting task is not begun; a running one is called stopped when it has ended. */
function stop(task: AsyncTask): void {
  if (task.status === 'Running') {
    task.status = 'Stopping';
  } else if (task.status === 'Enqueued') {
    task.status = 'Stopped';
  }
}
