import type { Quota } from './quota.ts';

/** The quota says the most; the rate is lower while OSS throttles. */
interface PaceOptions extends Quota {
  now: () => number;
  sleep: (delayMs: number) => Promise<unknown>;
}

export type Pace = ReturnType<typeof createPace>;

/**
 * Turns that nobody took are kept this long, because timers are late and the rate is not to fall short for
 * it. Taken all at once they stay, together with what follows, within what a quota allows in a second.
 */
const keptMs = 500;

/** The rate gains this share of the highest rate each second after it fell. */
const recovery = 0.05;

const leastRate = 0.2;

/**
 * Spaces the calls to image processing evenly, from the full rate on, so that a quota is used and not run
 * into. Calls and bytes are counted apart: a large source among small ones is paid for while they are made.
 */
export function createPace({ callsPerSecond, bytesPerSecond, now, sleep }: PaceOptions) {
  /** When the quota allows another call, and another byte. */
  let [callMs, byteMs] = [now(), now()];
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
    /** OSS answered 503: the rate falls by a third, once a second at most. The next attempt takes a turn. */
    throttled(): void {
      attempts.throttled += 1;
      if (now() - loweredAtMs >= 1_000) {
        loweredTo = Math.max(leastRate, (rate() * 2) / 3);
        loweredAtMs = now();
      }
      attempts.all += 1;
      callMs += 1_000 / rate();
    },
    /** Calls a second at present. */
    rate,
    /** Attempts so far, and how many of them OSS answered 503. */
    attempts,
  };
}
