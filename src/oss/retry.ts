import { isOssError, type OssError } from './errors.ts';

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  maxAttempts: number;
  now: () => number;
  random: () => number;
  sleep: (delayMs: number) => Promise<unknown>;
  /** Takes the clock from a `skewed` error; false when the error does not tell the time. */
  correctClock: (error: OssError) => boolean;
  onRetry: (error: OssError, delayMs: number) => void;
}

/**
 * Runs `attempt` (given its number, from 1) until it succeeds, fails for good, or attempts or time are used up; then
 * throws the last attempt's error. No attempt starts, and no pause ends, after `deadline` (epoch ms by the policy's
 * `now`). Pauses have full jitter, so that instances throttled together do not return together.
 */
export async function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  policy: RetryPolicy,
  deadline = Number.POSITIVE_INFINITY,
): Promise<T> {
  let isClockCorrected = false;
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      if (!isOssError(error) || error.kind === 'permanent' || number >= policy.maxAttempts) {
        throw error;
      }
      if (error.kind === 'skewed') {
        if (isClockCorrected || !policy.correctClock(error)) {
          throw error;
        }
        isClockCorrected = true;
      }
      const delayMs = policy.random() * maxDelayMs(error, number);
      if (policy.now() + delayMs >= deadline) {
        throw error;
      }
      policy.onRetry(error, delayMs);
      await policy.sleep(delayMs);
    }
  }
}

/** The longest pause after so many attempts: none for a corrected clock, else 200 ms (throttled: 1 s), doubling. */
function maxDelayMs({ kind }: OssError, attempts: number): number {
  if (kind === 'skewed') {
    return 0;
  }
  return (kind === 'throttled' ? 1_000 : 200) * 2 ** (attempts - 1);
}
