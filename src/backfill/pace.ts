import type { Quota } from './quota.ts';

/** The quota is the maximum; the rate is lower while OSS throttles. */
interface PaceOptions extends Quota {
  now: () => number;
  sleep: (delayMs: number) => Promise<unknown>;
}

export type Pace = ReturnType<typeof createPace>;

/**
 * Unused turns are kept for this long, so that late timers do not lower the rate. After an idle time, the
 * first second may therefore have one and a half times the usual number of calls.
 */
const keptMs = 500;

/** After it fell, the rate regains this share of its maximum each second. */
const recovery = 0.05;

const leastRate = 0.2;

/**
 * Spaces the calls to image processing evenly, at the full rate from the start, so that a quota is used but
 * not exceeded. Calls and bytes count separately: small sources go on while a large one is paid for.
 */
export function createPace({ callsPerSecond, bytesPerSecond, now, sleep }: PaceOptions) {
  /** When the quota next allows a call, and a byte. */
  let callMs = now();
  let byteMs = now();
  let loweredAtMs = Number.NEGATIVE_INFINITY;
  let loweredTo = callsPerSecond;
  const rate = () => {
    const recovered = (recovery * callsPerSecond * Math.max(0, now() - loweredAtMs)) / 1_000;
    return Math.min(callsPerSecond, loweredTo + recovered);
  };
  const attempts = { all: 0, throttled: 0 };
  return {
    /** Resolves when a call whose source has this many bytes may start. */
    async turn(sourceBytes: number): Promise<void> {
      attempts.all += 1;
      const start = Math.max(callMs, byteMs, now());
      const share = rate() / callsPerSecond;
      callMs = Math.max(callMs, start - keptMs) + 1_000 / rate();
      byteMs = Math.max(byteMs, start - keptMs) + (1_000 * sourceBytes) / (bytesPerSecond * share);
      if (start > now()) {
        await sleep(start - now());
      }
    },
    /** OSS answered 503: lowers the rate by a third, at most once a second. The retry takes a turn. */
    throttled(): void {
      attempts.throttled += 1;
      if (now() - loweredAtMs >= 1_000) {
        loweredTo = Math.max(leastRate, (rate() * 2) / 3);
        loweredAtMs = now();
      }
      attempts.all += 1;
      callMs += 1_000 / rate();
    },
    /** The present rate, in calls per second. */
    rate,
    /** Attempts so far, and how many of them OSS answered with 503. */
    attempts,
  };
}
