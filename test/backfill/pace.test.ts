import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/backfill/pace.ts';

/** A pace on a clock of its own, which `sleep` moves on, by `lateMs` more than it was asked to. */
function createTimedPace(callsPerSecond: number, { bytesPerSecond = 1e12, lateMs = 0 } = {}) {
  const clock = { timeMs: 0 };
  const pace = createPace({
    callsPerSecond,
    bytesPerSecond,
    now: () => clock.timeMs,
    sleep: async (delayMs) => {
      clock.timeMs += delayMs + lateMs;
    },
  });
  /** Turns taken one after the other until `seconds` are over. */
  const count = async (seconds: number, { sourceBytes = 0, isThrottled = (): boolean => false } = {}) => {
    const endMs = clock.timeMs + seconds * 1_000;
    let turns = 0;
    while (clock.timeMs < endMs) {
      await pace.turn(sourceBytes);
      turns += 1;
      if (isThrottled()) {
        pace.throttled();
      }
    }
    return turns;
  };
  return { pace, clock, count };
}

describe('the pace of a backfill', () => {
  it('the pace of a backfill is the calls that are allowed a second', async () => {
    const { count } = createTimedPace(40);

    expect(await count(10)).toBe(401);
  });

  it('the pace of a backfill is slower where the sources are so large that their bytes are what is bounded', async () => {
    const { count } = createTimedPace(40, { bytesPerSecond: 16_000_000 });

    expect(await count(10, { sourceBytes: 2_000_000 })).toBe(81);
  });

  it('makes up for late timers', async () => {
    const { count } = createTimedPace(40, { lateMs: 100 });

    const turns = await count(10);

    expect(turns).toBeGreaterThanOrEqual(396);
    expect(turns).toBeLessThanOrEqual(404);
  });

  it('makes up for half a second of an idle time, and for no more', async () => {
    const { pace, clock, count } = createTimedPace(40);
    await pace.turn(0);
    clock.timeMs += 60_000;

    expect(await count(1)).toBe(61);
  });

  it('falls by a third when OSS throttles, at most once a second, and recovers within 20 s', async () => {
    const { pace, clock, count } = createTimedPace(30);

    pace.throttled();
    pace.throttled();
    expect(pace.rate()).toBeCloseTo(20);
    clock.timeMs += 1_000;
    pace.throttled();

    expect(pace.rate()).toBeCloseTo((21.5 * 2) / 3);
    await count(20);
    expect(pace.rate()).toBe(30);
  });

  it('settles where OSS lets it, with few attempts in vain', async () => {
    const allowed = 15;
    const { pace, clock, count } = createTimedPace(40);
    const bucket = { tokens: allowed, timeMs: 0 };
    const isThrottled = () => {
      const gained = ((clock.timeMs - bucket.timeMs) / 1_000) * allowed;
      bucket.tokens = Math.min(allowed, bucket.tokens + gained) - 1;
      bucket.timeMs = clock.timeMs;
      if (bucket.tokens < 0) {
        bucket.tokens += 1;
        return true;
      }
      return false;
    };

    const turns = await count(300, { isThrottled });

    expect((turns - pace.attempts.throttled) / 300).toBeGreaterThan(allowed * 0.85);
    expect(pace.attempts.throttled / pace.attempts.all).toBeLessThan(0.1);
  });
});
