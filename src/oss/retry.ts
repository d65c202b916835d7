/**
 * What a failure calls for: `transient` and `throttled` are tried again (throttling after a longer pause),
 * `skewed` once with the server's clock, `permanent` never.
 */
export type RetryKind = 'transient' | 'throttled' | 'skewed' | 'permanent';

/**
 * Kind of an OSS error answer. 503 is OSS's throttling (OSS help: "HTTP status code 503"; it has no 429 of its own,
 * gateways do). `BadRequest` is permanent although the official SDKs retry it: image processing uses that code for
 * wrong styles. 403 and 404 are permanent, and so is 501: what is not implemented stays so.
 */
export function classify(statusCode: number, code: string, message: string): RetryKind {
  if (code === 'RequestTimeTooSkewed') {
    return 'skewed';
  }
  // Around midnight the scope's date is refused as an argument, not as skew (alibabacloud-oss-kotlin-sdk-v2 FixTimeRetryHandler.kt).
  if (code === 'InvalidArgument' && message.startsWith('Invalid signing date')) {
    return 'skewed';
  }
  if (statusCode === 503 || statusCode === 429) {
    return 'throttled';
  }
  if (statusCode === 408 || code === 'RequestTimeout') {
    return 'transient';
  }
  return statusCode >= 500 && statusCode !== 501 ? 'transient' : 'permanent';
}

/** Longest pause before the next attempt, by how many were made: 200 ms (throttled: 1 s) doubling up to 20 s. */
function backoffCeilingMs(kind: RetryKind, attempts: number): number {
  return Math.min((kind === 'throttled' ? 1_000 : 200) * 2 ** (attempts - 1), 20_000);
}

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  maxAttempts: number;
  now: () => number;
  random: () => number;
  sleep: (delayMs: number) => Promise<unknown>;
  kindOf: (error: unknown) => RetryKind;
  /** Takes the clock from a `skewed` error; false when the error does not tell the time. */
  correctClock: (error: unknown) => boolean;
  onRetry: (error: unknown, delayMs: number) => void;
}

/**
 * Runs `attempt` (given its number, from 1) until it succeeds, fails for good, or attempts or time are used up; then
 * throws the last attempt's error. No attempt starts, and no pause ends, after `deadline` (epoch ms by the policy's
 * `now`). Pauses with full jitter, so that instances throttled together do not return together.
 */
export async function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  policy: RetryPolicy,
  deadline = Number.POSITIVE_INFINITY,
): Promise<T> {
  let clockCorrected = false;
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      const kind = policy.kindOf(error);
      if (kind === 'permanent' || number >= policy.maxAttempts) {
        throw error;
      }
      if (kind === 'skewed' && (clockCorrected || !policy.correctClock(error))) {
        throw error;
      }
      clockCorrected ||= kind === 'skewed';

      const delayMs = kind === 'skewed' ? 0 : policy.random() * backoffCeilingMs(kind, number);
      if (policy.now() + delayMs >= deadline) {
        throw error;
      }
      policy.onRetry(error, delayMs);
      await policy.sleep(delayMs);
    }
  }
}
