import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import { fieldsOf, parseJson } from '../../../json.ts';
import { writeJsonFile } from '../../data-folder.ts';
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
  /** The folder that keeps the tasks, a file each; the unfinished ones are begun again at the next start. */
  dir: string;
  functionCompute: { invoke(event: Buffer): Promise<InvocationResult> };
  retryDelaysMs?: readonly number[] | undefined;
}

/** `reservedConcurrency` of the function that runs them; its instances serve uploads as well. */
const concurrency = 1;

/** Asynchronous tasks as Function Compute runs them: once for each id, tried again after a function error. */
export class Tasks {
  /** All there ever were, by id, in the order of acceptance. */
  readonly byId: Map<string, AsyncTask>;
  readonly #options: TasksOptions;
  readonly #limit = pLimit(concurrency);
  readonly #closing = new AbortController();

  constructor(options: TasksOptions) {
    this.#options = options;
    fs.mkdirSync(options.dir, { recursive: true });
    this.byId = new Map(readTasks(options.dir).map((task) => [task.taskId, task]));
    for (const task of this.byId.values()) {
      this.#start(task);
    }
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
    this.#change(task, {});
    this.#start(task);
    return true;
  }

  /** A waiting task is not begun; a running one is not tried again, and is called stopped when it has ended. */
  stop(task: AsyncTask): void {
    if (task.status === 'Running') {
      this.#change(task, { status: 'Stopping' });
    } else if (task.endTime === undefined) {
      this.#end(task, 'Stopped');
    }
  }

  close(): void {
    this.#closing.abort();
  }

  #start(task: AsyncTask): void {
    // A task that our own end interrupts is still in its file.
    void this.#limit(() => this.#run(task)).catch(() => {});
  }

  async #run(task: AsyncTask): Promise<void> {
    const { functionCompute, retryDelaysMs = [1_000, 2_000, 4_000] } = this.#options;
    const { signal } = this.#closing;
    for (let retries = 0; !signal.aborted && task.endTime === undefined; retries += 1) {
      this.#change(task, { status: 'Running', alreadyRetriedTimes: retries });
      const result = await functionCompute.invoke(Buffer.from(task.taskPayload));
      const delayMs = retryDelaysMs[retries];
      if (isStopping(task)) {
        this.#end(task, 'Stopped');
      } else if (result.status === 'succeeded') {
        this.#end(task, 'Succeeded');
      } else if (delayMs === undefined) {
        this.#end(task, 'Failed', result.error.errorMessage);
      } else {
        this.#change(task, { status: 'Retrying' });
        await pause(delayMs, undefined, { signal });
      }
    }
  }

  #end(task: AsyncTask, status: Status, taskErrorMessage?: string): void {
    const endTime = Date.now();
    this.#change(task, { status, endTime, durationMs: endTime - task.startedTime, taskErrorMessage });
  }

  #change(task: AsyncTask, changes: Partial<AsyncTask>): void {
    Object.assign(task, changes);
    writeJsonFile(join(this.#options.dir, `${task.taskId}.json`), task);
  }
}

/** Asked anew after the function has run: meanwhile the task may have been stopped. */
function isStopping({ status }: AsyncTask): boolean {
  return status === 'Stopping';
}

function readTasks(dir: string): AsyncTask[] {
  const files = fs.readdirSync(dir).filter((file) => file.endsWith('.json'));
  const contents = files.map((file) => parseJson(fs.readFileSync(join(dir, file), 'utf8')));
  return contents.filter(isTask).sort((a, b) => a.startedTime - b.startedTime);
}

function isTask(value: unknown): value is AsyncTask {
  const { taskId, taskPayload, startedTime } = fieldsOf(value);
  return typeof taskId === 'string' && typeof taskPayload === 'string' && typeof startedTime === 'number';
}
