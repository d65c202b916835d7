import { describe, expect, it } from 'vitest';
import { isForOtherRules, readThrown } from '../../src/backfill/task-report.ts';
import { OutputsFailed, summarize } from '../../src/pipeline/report.ts';
import type { FailedResult, Result } from '../../src/pipeline/result.ts';

const failed = (key: string, more: Partial<FailedResult>): FailedResult => ({
  status: 'failed',
  kind: 'permanent',
  code: 'ImageTooLarge',
  message: 'it is: too -> large (rule r)',
  source: { bucket: 'photos', key },
  ...more,
});
const thrownBy = (...results: Result[]) => ({
  status: 'Failed',
  taskErrorMessage: new OutputsFailed(summarize(results, 'FC-1', 5)).message,
});

describe('the report of a batch', () => {
  it('the report of a batch names the source of a failure, and the target where there is one', () => {
    const task = thrownBy(
      failed('a.jpg', { rule: 'small', target: { bucket: 'photos', key: 'small/a.jpg' } }),
      failed('a.jpg -> b.jpg', { rule: 'small' }),
      failed('b: c.jpg', { kind: 'transient', code: 'Deadline' }),
    );
    const sources = ['oss://photos/a.jpg', 'oss://photos/a.jpg -> b.jpg', 'oss://photos/b: c.jpg'];

    const report = readThrown(task, sources);

    expect(report).toMatchObject({ others: {}, failed: 3 });
    expect(report?.failures).toMatchObject([
      { source: sources[0], target: 'oss://photos/small/a.jpg', mayHeal: false, code: 'ImageTooLarge' },
      { source: sources[1], target: undefined, mayHeal: false },
      { source: sources[2], target: undefined, mayHeal: true, code: 'Deadline' },
    ]);
    expect(readThrown(task, sources.slice(1))).toBeUndefined();
  });

  it('the report of a batch counts the outputs that did not fail by what became of them', () => {
    const source = { bucket: 'photos', key: 'a.jpg' };
    const subject = { rule: 'r', source, target: source, attempts: 1, durationMs: 1 };
    const ends = (['saved', 'removed', 'submitted'] as const).map((status) => ({ ...subject, status }));
    const skipped = { status: 'skipped' as const, reason: 'up-to-date' as const, source };

    const report = readThrown(thrownBy(failed('a.jpg', {}), skipped, ...ends, ...ends), [
      'oss://photos/a.jpg',
    ]);

    expect(report?.others).toEqual({ saved: 2, removed: 2, submitted: 2, 'left-alone': 1 });
  });

  it.each([
    ['rulesDigest: the event was planned by other rules', true],
    ['RulesError', true],
    ['The event holds no object to process: rulesDigest: no such field here.', true],
    ['OutputsFailed', false],
    [thrownBy(failed('rulesDigest: RulesError.jpg', {})).taskErrorMessage, false],
  ])('the report of a batch tells whether the function has other rules: %j', (taskErrorMessage, expected) => {
    expect(isForOtherRules({ status: 'Failed', taskErrorMessage })).toBe(expected);
  });
});
