import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../log.ts';
import type { QueuedEvent } from './event-files.ts';
import { writeEventFile } from './event-files.ts';
import type { BilledResult, InvocationResult } from './instance-process.ts';

/** The end of an asynchronous invocation; with the path of a `deadLetter` when every attempt failed. */
export interface InvocationOutcome {
  event: unknown;
  attempts: number;
  /** From acceptance (or resumption) to the end, waiting included. */
  durationMs: number;
  /** Of all attempts together: what Function Compute would charge for. */
  billedMs: number;
  result: InvocationResult;
  deadLetter?: string;
}

export interface DeliveryOptions {
  invoke: (requestId: string, event: Buffer) => Promise<BilledResult>;
  retryDelaysMs: readonly number[];
  queueDir: string;
  deadLetterDir: string;
  log: Logger;
  now: () => number;
  /** Rejects when the signal aborts; so does the delivery, its event still in the queue. */
  sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  closing: AbortSignal;
  /** Told the end of each asynchronous invocation. */
  onOutcome?: (outcome: InvocationOutcome) => void;
}

/** The deliveries under way: `start` one without waiting for it; `idle` resolves when none is left. */
export function createDeliveries(options: DeliveryOptions) {
  const running = new Set<Promise<void>>();
  function start(queued: QueuedEvent): void {
    const delivery = deliver(queued, options)
      .then((outcome) => options.onOutcome?.(outcome))
      .catch((error: unknown) => {
        // What broke off before its end still has its file in the queue.
        if (options.closing.aborted) {
          return;
        }
        options.log.error('delivery broke off', { requestId: queued.requestId, error: String(error) });
      })
      .finally(() => running.delete(delivery));
    running.add(delivery);
  }
  async function idle(): Promise<void> {
    while (running.size > 0) {
      await Promise.all(running);
    }
  }
  return { start, idle };
}

/** Delivers one queued event: attempts under one request id, then the dead letter, then out of the queue. */
async function deliver(queued: QueuedEvent, options: DeliveryOptions): Promise<InvocationOutcome> {
  const { log, now, queueDir, deadLetterDir } = options;
  const { file, requestId, event } = queued;
  const startedAtMs = now();
  const { result, ...effort } = await attemptAll(queued, options);
  const { attempts } = effort;
  const outcome = { event, ...effort, durationMs: now() - startedAtMs, result };
  if (result.status === 'succeeded') {
    rmSync(join(queueDir, file), { force: true });
    return outcome;
  }
  const { error } = result;
  const letter = { time: new Date(now()).toISOString(), requestId, attempts, event, error };
  const deadLetter = writeEventFile(deadLetterDir, file, letter);
  rmSync(join(queueDir, file), { force: true });
  log.error('event dead-lettered', { requestId, attempts, deadLetter, error: error.errorMessage });
  return { ...outcome, deadLetter };
}

async function attemptAll({ requestId, event }: QueuedEvent, options: DeliveryOptions) {
  const { invoke, retryDelaysMs, log, sleep, closing } = options;
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
    log.warn('invocation failed', { requestId, attempts, retryInMs, error: result.error.errorMessage });
    await sleep(retryInMs, closing);
  }
}
