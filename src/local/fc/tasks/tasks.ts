import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { InvocationResult } from '../instance-process.ts';

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

interface TasksOptions {
  functionCompute: { invoke(event: Buffer): Promise<InvocationResult> };
  retryDelaysMs?: readonly number[] | undefined;
}

/** `reservedConcurrency` of the function that runs them; its instances serve uploads as well. */
const concurrency = 1;

/**
 * Asynchronous tasks as Function Compute runs them: once for each id, tried again after a function error. They are held in
 * memory: a backfill submits again what a restart has lost.
 */
export class Tasks {
  /** All there ever were, by id, in the order of acceptance. */
  readonly byId = new Map<string, AsyncTask>();
  readonly #options: TasksOptions;
  readonly #limit = pLimit(concurrency);
  readonly #closing = new AbortController();

  constructor(options: TasksOptions) {
    this.#options = options;
  }

  /** Accepts a task; false where one of this id was accepted before, whatever became of it. */
  submit(taskId: string, payload: Buffer): boolean {
    if (this.byId.has(taskId)) {
      return false;
    }
    const ids = { taskId, requestId: randomUUID() };
    const start = { status: 'Enqueued' as const, startedTime: Date.now(), alreadyRetriedTimes: 0 };
    const task = { ...ids, ...start, taskPayload: payload.toString() };
    this.byId.set(taskId, task);
    // A task that our own end interrupts has not failed.
    void this.#limit(() => this.#run(task)).catch(() => {});
    return true;
  }

  /** A waiting task is not begun; a running one is not tried again, and is called stopped when it has ended. */
  stop(task: AsyncTask): void {
    if (task.status === 'Running') {
      task.status = 'Stopping';
    } else if (task.endTime === undefined) {
      this.#end(task, 'Stopped');
    }
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(task: AsyncTask): Promise<void> {
    const { functionCompute, retryDelaysMs = [1_000, 2_000, 4_000] } = this.#options;
    const { signal } = this.#closing;
    for (let retries = 0; !signal.aborted && task.endTime === undefined; retries += 1) {
      task.status = 'Running';
      task.alreadyRetriedTimes = retries;
      const result = await functionCompute.invoke(Buffer.from(task.taskPayload));
      const delayMs = retryDelaysMs[retries];
      if (isStopping(task)) {
        this.#end(task, 'Stopped');
      } else if (result.status === 'succeeded') {
        this.#end(task, 'Succeeded');
      } else if (delayMs === undefined) {
        this.#end(task, 'Failed', result.error.errorMessage);
      } else {
        task.status = 'Retrying';
        await pause(delayMs, undefined, { signal });
      }
    }
  }

  #end(task: AsyncTask, status: Status, taskErrorMessage?: string): void {
    const endTime = Date.now();
    Object.assign(task, { status, endTime, durationMs: endTime - task.startedTime, taskErrorMessage });
  }
}

/** Asked anew after the function has run: meanwhile the task may have been stopped. */
function isStopping({ status }: AsyncTask): boolean {
  return status === 'Stopping';
}
