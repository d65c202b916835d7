import { rmSync } from 'node:fs';
import { join } from 'node:path';
import PQueue from 'p-queue';
import type { Logger } from '../../log.ts';
import { writeJsonFile } from '../data-folder.ts';
import type { QueuedEvent } from './event-files.ts';
import type { InvocationResult } from './instance-process.ts';
import type { FunctionError } from './messages.ts';

/** The end of an asynchronous invocation; with the path of a `deadLetter` when every attempt failed. */
export interface InvocationOutcome {
  event: unknown;
  attempts: number;
  /** From acceptance (or resumption) to the end, waiting included. */
  durationMs: number;
  /** The time of all attempts together, for which Function Compute would charge. */
  billedMs: number;
  result: InvocationResult;
  deadLetter?: string;
}

/** A step of an accepted event: it is in the queue, an attempt failed, it is finished. */
export type DeliveryEvent =
  | { type: 'delivery'; requestId: string; event: unknown }
  | { type: 'retry'; requestId: string; attempts: number; retryInMs: number; error: FunctionError }
  | { type: 'outcome'; requestId: string; outcome: InvocationOutcome };

export interface DeliveryOptions {
  invoke: (requestId: string, event: Buffer) => Promise<InvocationResult>;
  retryDelaysMs: readonly number[];
  queueDir: string;
  deadLetterDir: string;
  log: Logger;
  now: () => number;
  /** Rejects when the signal aborts; so does the delivery, its event still in the queue. */
  sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  closing: AbortSignal;
  observe: (event: DeliveryEvent) => void;
}

/** The deliveries under way: `start` one without waiting for it; `idle` resolves when none is left. */
export function createDeliveries(options: DeliveryOptions) {
  const underWay = new PQueue();
  const carryOn = (queued: QueuedEvent) =>
    deliver(queued, options).catch((error: unknown) => {
      // A delivery that broke off before its end still has its file in the queue.
      if (!options.closing.aborted) {
        const { requestId } = queued;
        options.log.error('delivery broke off', { requestId, error: String(error) });
      }
    });
  return {
    start: (queued: QueuedEvent) => void underWay.add(() => carryOn(queued)),
    idle: () => underWay.onIdle(),
  };
}

/** Delivers one queued event: attempts under one request id, then the dead letter, then out of the queue. */
async function deliver(queued: QueuedEvent, options: DeliveryOptions): Promise<void> {
  const { log, now, queueDir, deadLetterDir, observe } = options;
  const { file, requestId, event } = queued;
  observe({ type: 'delivery', requestId, event });
  const startedAtMs = now();
  const { result, ...effort } = await attemptAll(queued, options);
  const { attempts } = effort;
  const outcome: InvocationOutcome = { event, ...effort, durationMs: now() - startedAtMs, result };
  if (result.status === 'failed') {
    const { error } = result;
    const letter = { time: new Date(now()).toISOString(), requestId, attempts, event, error };
    const deadLetter = join(deadLetterDir, file);
    writeJsonFile(deadLetter, letter);
    outcome.deadLetter = deadLetter;
    log.error('event dead-lettered', { requestId, attempts, deadLetter, error: error.errorMessage });
  }
  rmSync(join(queueDir, file), { force: true });
  observe({ type: 'outcome', requestId, outcome });
}

async function attemptAll({ requestId, event }: QueuedEvent, options: DeliveryOptions) {
  const { invoke, retryDelaysMs, log, sleep, closing, observe } = options;
  const payload = Buffer.from(JSON.stringify(event));
  let billedMs = 0;
  for (let attempts = 1; ; attempts += 1) {
    const result = await invoke(requestId, payload);
    billedMs += result.billedMs;
    // An attempt that our own closing cut short is no failure of the function.
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
