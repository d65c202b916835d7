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

  it('the pace of a backfill is slower where the bytes of large sources are the bound', async () => {
    const { count } = createTimedPace(40, { bytesPerSecond: 16_000_000 });

    expect(await count(10, { sourceBytes: 2_000_000 })).toBe(81);
  });

  it.each([
    ['a small one behind each large one', (i: number) => (i % 2 === 0 ? 800_000 : 10_000)],
    ['a larger one now and then', (i: number) => (i % 10 === 0 ? 3_800_000 : 2_000)],
    ['no two alike', (i: number) => ((i * 7_919) % 1_009) * 800],
  ])(
    'the pace uses the quota that a dry run counts on where sources are of unequal size: %s',
    async (_, sizeOf) => {
      const { pace, clock } = createTimedPace(40, { bytesPerSecond: 16_000_000 });
      const sizes = Array.from({ length: 5_000 }, (__, i) => sizeOf(i));
      const bytes = sizes.reduce((sum, size) => sum + size);

      for (const size of sizes) {
        await pace.turn(size);
      }

      const seconds = Math.max(sizes.length / 40, bytes / 16_000_000);
      expect(seconds / (clock.timeMs / 1_000)).toBeGreaterThan(0.95);
    },
  );

  it('the pace lets no more calls start at once behind large sources than behind an idle time', async () => {
    const starts: number[] = [];
    const pace = createPace({
      callsPerSecond: 40,
      bytesPerSecond: 16_000_000,
      now: () => 0,
      sleep: async (delayMs) => starts.push(delayMs),
    });

    for (const sourceBytes of [...Array(64).fill(2_000_000), ...Array(100).fill(0)]) {
      await pace.turn(sourceBytes);
    }

    const endMs = starts[63] ?? 0;
    expect(starts.filter((startMs) => startMs >= endMs && startMs < endMs + 1_000).length).toBeLessThan(62);
  });

  it('the pace of a backfill makes up for late timers', async () => {
    const { count } = createTimedPace(40, { lateMs: 100 });

    const turns = await count(10);

    expect(turns).toBeGreaterThanOrEqual(396);
    expect(turns).toBeLessThanOrEqual(404);
  });

  it('the pace of a backfill makes up for half a second of an idle time, and for no more', async () => {
    const { pace, clock, count } = createTimedPace(40);
    await pace.turn(0);
    clock.timeMs += 60_000;

    expect(await count(1)).toBe(61);
  });

  it('the pace falls by a third, once a second at most, by a 503, and recovers in 20 s', async () => {
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

  it('the pace of a backfill settles where OSS lets it, with few attempts in vain', async () => {
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
