import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import PQueue from 'p-queue';
import { fieldsOf } from '../../json.ts';
import type { Logger } from '../../log.ts';
import { type Quarantine, writeJsonFile } from '../data-folder.ts';
import type { InvocationResult } from './instance-process.ts';
import type { FunctionError } from './messages.ts';

/** The end of an asynchronous invocation, with the path of its `deadLetter` if every attempt failed. */
export interface InvocationOutcome {
  event: unknown;
  attempts: number;
  /** From acceptance or resumption to the end, including waiting. */
  durationMs: number;
  /** The total time of all attempts, which Function Compute would charge for. */
  billedMs: number;
  result: InvocationResult;
  deadLetter?: string;
}

/** A step of an accepted event: it was queued, an attempt failed, or it is finished. */
export type DeliveryEvent =
  | { type: 'delivery'; requestId: string; event: unknown }
  | { type: 'retry'; requestId: string; attempts: number; retryInMs: number; error: FunctionError }
  | { type: 'outcome'; requestId: string; outcome: InvocationOutcome };

export interface QueueOptions {
  invoke: (event: Buffer, requestId: string) => Promise<InvocationResult>;
  retryDelaysMs: readonly number[];
  queueDir: string;
  deadLetterDir: string;
  setAside: Quarantine;
  log: Logger;
  now: () => number;
  /** Rejects if the signal aborts. Then the delivery also rejects, and its event stays in the queue. */
  sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  closing: AbortSignal;
  observe: (event: DeliveryEvent) => void;
}

/** An event accepted for asynchronous invocation. `file` is its name in the queue and as a dead letter. */
interface QueuedEvent {
  file: string;
  requestId: string;
  event: unknown;
}

/** The asynchronous invocations. Each is a file in the queue folder until it succeeds or is a dead letter. */
export function createQueue(options: QueueOptions) {
  const { queueDir, deadLetterDir, log, now, closing } = options;
  mkdirSync(queueDir, { recursive: true });
  mkdirSync(deadLetterDir, { recursive: true });
  const unfinished = readQueue(options);
  const underWay = new PQueue();
  const carryOn = (queued: QueuedEvent) =>
    deliver(queued, options).catch((error: unknown) => {
      // The file of an interrupted delivery is still in the queue.
      if (!closing.aborted) {
        log.error('delivery broke off', { requestId: queued.requestId, error: String(error) });
      }
    });
  const start = (queued: QueuedEvent) => void underWay.add(() => carryOn(queued));
  return {
    /** Delivers events that an earlier process left unfinished. */
    resume: () => unfinished.splice(0).forEach(start),
    /** Accepts an event for delivery at least once. On return it is on disk, unless that is full. */
    enqueue: (event: unknown): void => {
      const requestId = randomUUID();
      // Names sort by time of acceptance. They have no colons, which Windows does not allow.
      const file = `${new Date(now()).toISOString().replaceAll(':', '-')}-${requestId}.json`;
      try {
        writeJsonFile(join(queueDir, file), { requestId, event });
      } catch (error) {
        // If the disk is full, the event is delivered anyway, and lost only if we are killed before that.
        log.error('event not in the queue folder', { requestId, reason: String(error) });
      }
      start({ file, requestId, event });
    },
    /** Resolves when every accepted event is finished. */
    idle: () => underWay.onIdle(),
  };
}

/** The events in the queue folder, oldest first. Other files are set aside. */
function readQueue({ queueDir, setAside }: QueueOptions): QueuedEvent[] {
  const files = readdirSync(queueDir).filter((file) => file.endsWith('.json'));
  return files.sort().flatMap((file) => {
    const path = join(queueDir, file);
    try {
      const { requestId, event } = fieldsOf(JSON.parse(readFileSync(path, 'utf8')));
      if (typeof requestId === 'string' && event !== undefined) {
        return [{ file, requestId, event }];
      }
      throw new Error('a queued event is {"requestId", "event"}');
    } catch (error) {
      setAside(path, error);
      return [];
    }
  });
}

/** Delivers one event: attempts with one request id, a dead letter if all fail, then out of the queue. */
async function deliver(queued: QueuedEvent, options: QueueOptions): Promise<void> {
  const { log, now, queueDir, deadLetterDir, observe } = options;
  const { file, requestId, event } = queued;
  observe({ type: 'delivery', requestId, event });
  const startedAtMs = now();
  const { attempts, billedMs, result } = await attemptAll(queued, options);
  const outcome: InvocationOutcome = { event, attempts, billedMs, durationMs: now() - startedAtMs, result };
  if (result.status === 'failed') {
    const { error } = result;
    const letter = { time: new Date(now()).toISOString(), requestId, attempts, event, error };
    const deadLetter = join(deadLetterDir, file);
    const fields = { requestId, attempts, error: error.errorMessage };
    try {
      writeJsonFile(deadLetter, letter);
      outcome.deadLetter = deadLetter;
      log.error('event dead-lettered', { ...fields, deadLetter });
    } catch (reason) {
      // If the disk is full, the event stays in the queue (if it got there) for the next start.
      log.error('dead letter not written', { ...fields, event, reason: String(reason) });
    }
  }
  if (result.status === 'succeeded' || outcome.deadLetter !== undefined) {
    rmSync(join(queueDir, file), { force: true });
  }
  observe({ type: 'outcome', requestId, outcome });
}

async function attemptAll({ requestId, event }: QueuedEvent, options: QueueOptions) {
  const { invoke, retryDelaysMs, log, sleep, closing, observe } = options;
  const payload = Buffer.from(JSON.stringify(event));
  let billedMs = 0;
  for (let attempts = 1; ; attempts += 1) {
    const result = await invoke(payload, requestId);
    billedMs += result.billedMs;
    // An attempt that we cut short by closing is no failure of the function.
    closing.throwIfAborted();
    const retryInMs = retryDelaysMs[attempts - 1];
    if (result.status === 'succeeded' || retryInMs === undefined) {
      return { attempts, billedMs, result };
    }
    const { error } = result;
    log.warn('invocation failed', { requestId, attempts, retryInMs, error: error.errorMessage });
    observe({ type: 'retry', requestId, attempts, retryInMs, error });
    await sleep(retryInMs, closing);
  }
}
