import { describe, expect, it } from 'vitest';
import { OssRequestError, type RetryKind } from '../../src/oss/errors.ts';
import { withRetries } from '../../src/oss/retry.ts';

function errorOf(kind: RetryKind, attempts: number): OssRequestError {
  const context = { operation: 'HeadObject', bucket: 'photos', attempts };
  return new OssRequestError(context, { code: 'Fault', kind, message: kind });
}

/** Fails with `kinds` in turn, then answers with the number of the attempt; the clock moves by sleeping only. */
function run(kinds: RetryKind[], { deadline, random = 0.5 }: { deadline?: number; random?: number } = {}) {
  const log = { sleeps: [] as number[], nowMs: 0 };
  const attempt = async (number: number) => {
    const kind = kinds[number - 1];
    if (kind) {
      throw errorOf(kind, number);
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
  return { outcome: withRetries(attempt, policy, deadline), log };
}

describe('retrying', () => {
  it('pauses up to twice as long each time', async () => {
    const { outcome, log } = run(['transient', 'transient', 'transient']);

    await expect(outcome).resolves.toBe(4);
    expect(log.sleeps).toEqual([100, 200, 400]);
  });

  it('pauses longer when throttled', async () => {
    const { outcome, log } = run(['throttled', 'throttled']);

    await expect(outcome).resolves.toBe(3);
    expect(log.sleeps).toEqual([500, 1000]);
  });

  it('retrying may pause not at all: the jitter is full', async () => {
    const { outcome, log } = run(['throttled'], { random: 0 });

    await expect(outcome).resolves.toBe(2);
    expect(log.sleeps).toEqual([0]);
  });

  it('counts the first attempt among its attempts', async () => {
    const { outcome, log } = run(['transient', 'transient', 'transient', 'transient']);

    await expect(outcome).rejects.toThrow('transient');
    expect(log.sleeps).toHaveLength(3);
  });

  it('stops at once for what is permanent', async () => {
    const { outcome, log } = run(['permanent']);

    await expect(outcome).rejects.toThrow('permanent');
    expect(log.sleeps).toEqual([]);
  });

  it('stops with the last error when the pause would pass the deadline', async () => {
    const { outcome, log } = run(['transient', 'transient', 'transient'], { deadline: 300 });

    await expect(outcome).rejects.toThrow('transient');
    expect(log.sleeps).toEqual([100]);
  });

  it('retrying goes on at once after a wrong clock', async () => {
    const { outcome, log } = run(['skewed']);

    await expect(outcome).resolves.toBe(2);
    expect(log.sleeps).toEqual([0]);
  });

  it('gives up when the corrected clock is refused too', async () => {
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
