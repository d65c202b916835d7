import { describe, expect, it } from 'vitest';
import type { Logger } from '../../src/log.ts';
import { logOutcome, logSummary, OutputsFailed, summarize } from '../../src/pipeline/report.ts';
import type { FailedResult, Outcome, Result } from '../../src/pipeline/result.ts';

const failure = (name: string, rest: Partial<FailedResult> = {}): FailedResult => ({
  status: 'failed',
  kind: 'transient',
  code: 'InternalError',
  message: `ProcessObject oss://b/${name} failed: 500`,
  rule: 'r',
  source: { bucket: 'b-1', key: name },
  target: { bucket: 'b-2', key: `d/${name}` },
  ...rest,
});

const subject = {
  ...{ rule: 'r', source: { bucket: 'b-1', key: 'k' }, target: { bucket: 'b-2', key: 'k' } },
  ...{ attempts: 1, durationMs: 1 },
};

describe('the error of an invocation', () => {
  it('the error of an invocation says how many failed, how, and names each', () => {
    const results: Result[] = [failure('a'), failure('b', { kind: 'permanent', code: 'NoSuchKey' })];

    const error = new OutputsFailed(summarize(results, 'FC-1', 5));

    expect(error.message).toBe(
      [
        '2 failed (1 for good, 1 to be tried again), 0 saved, 0 skipped, requestId FC-1:',
        '- transient InternalError oss://b-1/a -> oss://b-2/d/a (rule r): ProcessObject oss://b/a failed: 500',
        '- permanent NoSuchKey oss://b-1/b -> oss://b-2/d/b (rule r): ProcessObject oss://b/b failed: 500',
      ].join('\n'),
    );
  });

  it('the error of an invocation stays small however many and however long the failures are, and says how many it leaves out', () => {
    const keys = Array.from({ length: 5_000 }, (_, i) => `${i}-${'长'.repeat(300)}`);

    const error = new OutputsFailed(
      summarize(
        keys.map((key) => failure(key)),
        'FC-1',
        5,
      ),
    );

    expect(Buffer.byteLength(error.message)).toBeLessThanOrEqual(16_384);
    // A destination gets both, beside the event.
    expect(error.stack).toBe('OutputsFailed');
    const [, ...lines] = error.message.split('\n');
    expect(lines.at(-1)).toBe(`- and ${5_000 - (lines.length - 1)} more`);
    expect(error.report.results).toHaveLength(5_000);
  });

  it('the error of an invocation has 16 KB at most, and is filled, whatever the lengths of its keys', () => {
    const sizes = Array.from({ length: 100 }, (_, length) => {
      const failures = Array.from({ length: 1_000 }, () => failure('k'.repeat(length)));
      return Buffer.byteLength(new OutputsFailed(summarize(failures, 'FC-1', 5)).message);
    });

    expect(Math.max(...sizes)).toBeLessThanOrEqual(16_384);
    expect(Math.min(...sizes)).toBeGreaterThan(16_000);
  });

  it('the error of an invocation names each failure on one line, whatever characters its key has', () => {
    const error = new OutputsFailed(summarize([failure('a\n- permanent \u001b[2J')], 'FC-1', 5));

    expect(error.message.split('\n')).toHaveLength(2);
    expect(error.message).toContain('oss://b-1/a%0A- permanent %1B[2J -> ');
  });

  it('the error of an invocation names source and target however long their keys are', () => {
    const error = new OutputsFailed(summarize([failure('k'.repeat(1_023))], 'FC-1', 5));

    expect(error.message).toContain(
      `oss://b-1/${'k'.repeat(1_023)} -> oss://b-2/d/${'k'.repeat(1_023)} (rule r)`,
    );
  });

  it('the error of an invocation names a failure whose own text is longer than the error of an invocation may be', () => {
    const error = new OutputsFailed(summarize([failure('a', { message: '长'.repeat(10_000) })], 'FC-1', 5));

    expect(error.message).toContain('- transient InternalError oss://b-1/a -> oss://b-2/d/a (rule r): 长');
    expect(Buffer.byteLength(error.message)).toBeLessThanOrEqual(16_384);
  });
});

it('what was removed or submitted is counted only where something was', () => {
  const done = (status: 'removed' | 'submitted'): Result => ({ ...subject, status });

  const none = summarize([], 'FC-1', 5);
  const some = summarize([failure('a'), done('removed'), done('submitted'), done('submitted')], 'FC-1', 5);

  expect(JSON.parse(JSON.stringify(none))).toEqual({
    ...{ requestId: 'FC-1', saved: 0, skipped: 0, failed: 0, durationMs: 5, results: [] },
  });
  expect(some).toMatchObject({ removed: 1, submitted: 2, durationMs: 5 });
  expect(new OutputsFailed(some).message).toContain('0 saved, 1 removed, 2 submitted, 0 skipped');
});

describe('a line of log', () => {
  it('a line of log has a constant message and flat fields, and nothing of the process string', () => {
    const lines: unknown[] = [];
    const take = (message: string, fields?: object) => lines.push({ message, ...fields });
    const logger: Logger = { debug: take, info: take, warn: take, error: take };

    logOutcome(
      logger,
      'FC-1',
      failure('a', { requestId: 'OSS-1', ec: '0015-1', attempts: 3, durationMs: 7 }),
    );

    expect(lines).toEqual([
      {
        message: 'output failed',
        requestId: 'FC-1',
        status: 'failed',
        kind: 'transient',
        code: 'InternalError',
        error: 'ProcessObject oss://b/a failed: 500',
        rule: 'r',
        ossRequestId: 'OSS-1',
        ec: '0015-1',
        attempts: 3,
        durationMs: 7,
        bucket: 'b-1',
        key: 'a',
        targetBucket: 'b-2',
        targetKey: 'd/a',
      },
    ]);
  });

  const levels: string[] = [];
  const at = (level: string) => (message: string) => levels.push(`${level}: ${message}`);
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };

  it.each<[string, string, Outcome]>([
    ['error', 'output failed', failure('a')],
    ['info', 'object skipped', { status: 'skipped', reason: 'symlink' }],
    ['info', 'output saved', { ...subject, status: 'saved' }],
    ['info', 'output removed', { ...subject, status: 'removed' }],
    ['info', 'task submitted', { ...subject, status: 'submitted' }],
  ])('a line of log is of level %s for an outcome such as "%s"', (level, message, outcome) => {
    levels.length = 0;
    logOutcome(logger, 'FC-1', outcome);

    expect(levels).toEqual([`${level}: ${message}`]);
  });

  it.each([
    ['info', []],
    ['error', [failure('a')]],
  ])('the line of counts is of level %s', (level, results: Result[]) => {
    levels.length = 0;
    logSummary(logger, summarize(results, 'FC-1', 5));

    expect(levels).toEqual([`${level}: invocation finished`]);
  });
});
