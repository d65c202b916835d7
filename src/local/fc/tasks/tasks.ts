import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import { fieldsOf, parseJson } from '../../../json.ts';
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

export interface Tasks {
  /** Accepts a task; false where one of this id was accepted before, whatever became of it. */
  submit(taskId: string, payload: Buffer): boolean;
  find(taskId: string): AsyncTask | undefined;
  /** In the order of acceptance. */
  all(): AsyncTask[];
  /** What waits is not begun; what runs is not tried again, and is called stopped when it has ended. */
  stop(task: AsyncTask): void;
  close(): void;
}

export interface TasksOptions {
  /** Where tasks are kept, a file each; the unfinished ones are begun again at the next start. */
  dir: string;
  functionCompute: { invoke(event: Buffer): Promise<InvocationResult> };
  retryDelaysMs?: readonly number[] | undefined;
  now?: (() => number) | undefined;
}

/** `reservedConcurrency` of the function that runs them; its instances serve uploads as well. */
const concurrency = 1;

/** Asynchronous tasks as Function Compute runs them: once for each id, tried again after a function error. */
export function openTasks(options: TasksOptions): Tasks {
  const { dir, functionCompute, retryDelaysMs = [1_000, 2_000, 4_000], now = Date.now } = options;
  fs.mkdirSync(dir, { recursive: true });
  const limit = pLimit(concurrency);
  const closing = new AbortController();
  const tasks = new Map(readTasks(dir).map((task) => [task.taskId, task]));

  function change(task: AsyncTask, changes: Partial<AsyncTask>): void {
    Object.assign(task, changes);
    const path = join(dir, `${task.taskId}.json`);
    fs.writeFileSync(`${path}.tmp`, JSON.stringify(task));
    fs.renameSync(`${path}.tmp`, path);
  }
  function end(task: AsyncTask, status: Status, taskErrorMessage?: string): void {
    const endTime = now();
    change(task, { status, endTime, durationMs: endTime - task.startedTime, taskErrorMessage });
  }
  async function run(task: AsyncTask): Promise<void> {
    for (let retries = 0; !closing.signal.aborted && task.endTime === undefined; retries += 1) {
      change(task, { status: 'Running', alreadyRetriedTimes: retries });
      const result = await functionCompute.invoke(Buffer.from(task.taskPayload));
      const delayMs = retryDelaysMs[retries];
      if (isStopping(task)) {
        end(task, 'Stopped');
      } else if (result.status === 'succeeded') {
        end(task, 'Succeeded');
      } else if (delayMs === undefined) {
        end(task, 'Failed', result.error.errorMessage);
      } else {
        change(task, { status: 'Retrying' });
        await pause(delayMs, undefined, { signal: closing.signal });
      }
    }
  }
  // What an end of ours interrupts is still in its file.
  const start = (task: AsyncTask) => void limit(() => run(task)).catch(() => {});
  for (const task of tasks.values()) {
    start(task);
  }
  return {
    submit(taskId, payload) {
      if (tasks.has(taskId)) {
        return false;
      }
      const task: AsyncTask = {
        taskId,
        status: 'Enqueued',
        requestId: randomUUID(),
        startedTime: now(),
        alreadyRetriedTimes: 0,
        taskPayload: payload.toString(),
      };
      tasks.set(taskId, task);
      change(task, {});
      start(task);
      return true;
    },
    find: (taskId) => tasks.get(taskId),
    all: () => [...tasks.values()],
    stop(task) {
      if (task.status === 'Running') {
        change(task, { status: 'Stopping' });
      } else if (task.endTime === undefined) {
        end(task, 'Stopped');
      }
    },
    close: () => closing.abort(),
  };
}

/** Asked anew after the function has run: meanwhile the task may have been stopped. */
function isStopping({ status }: AsyncTask): boolean {
  return status === 'Stopping';
}

function readTasks(dir: string): AsyncTask[] {
  const files = fs.readdirSync(dir).filter((file) => file.endsWith('.json'));
  return files
    .map((file) => parseJson(fs.readFileSync(join(dir, file), 'utf8')))
    .filter(isTask)
    .sort((a, b) => a.startedTime - b.startedTime);
}

function isTask(value: unknown): value is AsyncTask {
  const { taskId, status, startedTime, taskPayload } = fieldsOf(value);
  return (
    [taskId, status, taskPayload].every((field) => typeof field === 'string') &&
    typeof startedTime === 'number'
  );
}
