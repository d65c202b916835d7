import { describe, expect, it } from 'vitest';
import { OssRequestError, OssServiceError, type RetryKind } from '../../src/oss/errors.ts';
import { withRetries } from '../../src/oss/retry.ts';

function throttledFor(seconds: string): OssServiceError {
  const response = { statusCode: 429, headers: { 'retry-after': seconds }, body: Buffer.alloc(0) };
  return new OssServiceError({ operation: 'HeadObject', bucket: 'photos', attempts: 1 }, response);
}

function errorOf(kind: RetryKind, attempts: number): OssRequestError {
  const context = { operation: 'HeadObject', bucket: 'photos', attempts };
  return new OssRequestError(context, { code: 'Fault', kind, message: kind });
}

/** Fails with `kinds` in turn, then answers with the number of the attempt; the clock moves by sleeping only. */
function run(
  kinds: (RetryKind | OssServiceError)[],
  { deadlineMs, random = 0.5 }: { deadlineMs?: number; random?: number } = {},
) {
  const log: { sleeps: number[]; nowMs: number } = { sleeps: [], nowMs: 0 };
  const attempt = async (number: number) => {
    const kind = kinds[number - 1];
    if (kind) {
      throw typeof kind === 'string' ? errorOf(kind, number) : kind;
    }
    return number;
  };
  const policy = {
    maxAttempts: 4,
    now: () => log.nowMs,
    random: () => random,
    sleep: async (delayMs: number) => {
      log.sleeps.push(delayMs);
      log.nowMs += delayMs;
    },
    onRetry: () => {},
  };
  return { outcome: withRetries(attempt, policy, deadlineMs), log };
}

describe('retrying', () => {
  it('retrying pauses up to twice as long each time', async () => {
    const { outcome, log } = run(['transient', 'transient', 'transient']);

    await expect(outcome).resolves.toBe(4);
    expect(log.sleeps).toEqual([100, 200, 400]);
  });

  it('retrying pauses longer when throttled', async () => {
    const { outcome, log } = run(['throttled', 'throttled']);

    await expect(outcome).resolves.toBe(3);
    expect(log.sleeps).toEqual([500, 1000]);
  });

  it('retrying may pause not at all: the jitter is full', async () => {
    const { outcome, log } = run(['throttled'], { random: 0 });

    await expect(outcome).resolves.toBe(2);
    expect(log.sleeps).toEqual([0]);
  });

  it('retrying counts the first attempt among its attempts', async () => {
    const { outcome, log } = run(['transient', 'transient', 'transient', 'transient']);

    await expect(outcome).rejects.toThrow('transient');
    expect(log.sleeps).toHaveLength(3);
  });

  it.each(['permanent', 'later'] as const)('retrying stops at once for what is %s', async (kind) => {
    const { outcome, log } = run([kind]);

    await expect(outcome).rejects.toThrow(kind);
    expect(log.sleeps).toEqual([]);
  });

  it('retrying pauses for as long as the server asks for, at most a minute', async () => {
    const { outcome, log } = run([throttledFor('2'), throttledFor('7200')]);

    await expect(outcome).resolves.toBe(3);
    expect(log.sleeps).toEqual([2_000, 60_000]);
  });

  it('retrying is given up where the server asks for a pause beyond the deadline', async () => {
    const { outcome, log } = run([throttledFor('2')], { deadlineMs: 1_500 });

    await expect(outcome).rejects.toThrow('429');
    expect(log.sleeps).toEqual([]);
  });

  it('retrying stops with the last error when the pause would pass the deadline', async () => {
    const { outcome, log } = run(['transient', 'transient', 'transient'], { deadlineMs: 300 });

    await expect(outcome).rejects.toThrow('transient');
    expect(log.sleeps).toEqual([100]);
  });

  it('retrying goes on at once after a wrong clock', async () => {
    const { outcome, log } = run(['skewed']);

    await expect(outcome).resolves.toBe(2);
    expect(log.sleeps).toEqual([0]);
  });

  it.each([
    ['before', ['skewed', 'transient']],
    ['after', ['transient', 'skewed']],
  ] as const)(
    'retrying corrects the clock %s another fault, and does not count it for a second time',
    async (_, kinds) => {
      await expect(run([...kinds]).outcome).resolves.toBe(3);
    },
  );

  it('retrying gives up when the corrected clock is refused too', async () => {
    const { outcome, log } = run(['skewed', 'skewed']);

    await expect(outcome).rejects.toThrow('skewed');
    expect(log.sleeps).toEqual([0]);
  });

  it('retrying never repeats what failed in our own code', async () => {
    let attempts = 0;
    const policy = {
      maxAttempts: 4,
      now: () => 0,
      random: () => 0,
      sleep: async () => {},
      onRetry: () => {},
    };
    const outcome = withRetries(async () => {
      attempts += 1;
      throw new TypeError('a bug');
    }, policy);

    await expect(outcome).rejects.toThrow('a bug');
    expect(attempts).toBe(1);
  });
});
