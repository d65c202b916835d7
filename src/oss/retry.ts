import { isOssError, type OssCallError } from './errors.ts';

export interface RetryPolicy {
  /** Attempts in all; 3, as in Alibaba Cloud's V2 SDKs: Function Compute's free queue does the rest. */
  maxAttempts: number;
  now: () => number;
  random: () => number;
  sleep: (delayMs: number) => Promise<unknown>;
  onRetry: (error: OssCallError, delayMs: number) => void;
}

/**
 * Runs `attempt` (given its number, from 1) until it succeeds, fails for good, or attempts or time are used
 * up; then throws the last attempt's error. No attempt starts and no pause ends after `deadlineMs` (epoch, by
 * the policy's `now`). Pauses have full jitter, so that instances throttled together return apart.
 */
export async function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  { maxAttempts, now, random, sleep, onRetry }: RetryPolicy,
  deadlineMs = Number.POSITIVE_INFINITY,
): Promise<T> {
  let wasSkewed = false;
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      if (!isOssError(error) || !mayRetry(error) || number >= maxAttempts) {
        throw error;
      }
      const delayMs = Math.max(random() * maxDelayMs(error, number), askedPauseMs(error));
      if ((error.kind === 'skewed' && wasSkewed) || now() + delayMs >= deadlineMs) {
        throw error;
      }
      wasSkewed ||= error.kind === 'skewed';
      onRetry(error, delayMs);
      await sleep(delayMs);
    }
  }
}

function mayRetry({ kind }: OssCallError): boolean {
  return kind !== 'permanent' && kind !== 'later';
}

/** A pause that the server asks for (Retry-After) is kept, up to a minute. */
function askedPauseMs(error: OssCallError): number {
  return 'retryAfterMs' in error ? Math.min(error.retryAfterMs ?? 0, 60_000) : 0;
}

/** The longest pause after an attempt: none for a corrected clock, else 200 ms (throttled: 1 s), doubling. */
function maxDelayMs({ kind }: OssCallError, attempts: number): number {
  const firstMs = { permanent: 0, later: 0, skewed: 0, transient: 200, throttled: 1_000 }[kind];
  return firstMs * 2 ** (attempts - 1);
}
