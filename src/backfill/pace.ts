import type { Quota } from './quota.ts';

/** The quota says the most; the rate is lower while OSS throttles. */
interface PaceOptions extends Quota {
  now: () => number;
  sleep: (delayMs: number) => Promise<unknown>;
}

export type Pace = ReturnType<typeof createPace>;

/**
 * Turns that nobody took are kept for so long, because timers are late and the rate is not to fall short for it. Taken
 * all at once they stay, together with what follows, within what a quota allows in a second.
 */
const keptMs = 500;

/** The rate gains this share of the highest rate each second after it fell. */
const recovery = 0.05;

const leastRate = 0.2;

/** Spaces the calls to image processing evenly, from the full rate on, so that a quota is used and not run into. */
export function createPace({ callsPerSecond, bytesPerSecond, now, sleep }: PaceOptions) {
  let nextTurn = now();
  let loweredAt = Number.NEGATIVE_INFINITY;
  let loweredTo = callsPerSecond;
  const rate = () =>
    Math.min(
      callsPerSecond,
      loweredTo + (recovery * callsPerSecond * Math.max(0, now() - loweredAt)) / 1_000,
    );
  const attempts = { all: 0, throttled: 0 };
  /** Counts an attempt, and puts off the next turn by what one call takes of the quota. */
  const advance = (sourceBytes: number) => {
    attempts.all += 1;
    const share = rate() / callsPerSecond;
    nextTurn += Math.max(1_000 / rate(), (1_000 * sourceBytes) / (bytesPerSecond * share));
  };
  return {
    /** Resolves when a call whose source has so many bytes may start. */
    async turn(sourceBytes: number): Promise<void> {
      const start = Math.max(nextTurn, now() - keptMs);
      nextTurn = start;
      advance(sourceBytes);
      if (start > now()) {
        await sleep(start - now());
      }
    },
    /** OSS answered 503: the rate falls by a third, at most once a second. The attempt that follows takes a turn as well. */
    throttled(): void {
      attempts.throttled += 1;
      if (now() - loweredAt >= 1_000) {
        loweredTo = Math.max(leastRate, (rate() * 2) / 3);
        loweredAt = now();
      }
      advance(0);
    },
    /** Calls a second at present. */
    rate,
    /** Attempts so far, and how many of them OSS answered 503. */
    attempts,
  };
}
