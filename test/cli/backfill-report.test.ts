import { expect, it } from 'vitest';
import type { Estimate } from '../../src/backfill/estimate.ts';
import { noCounts } from '../../src/backfill/journal.ts';
import { listingSource } from '../../src/backfill/listing.ts';
import { createPace } from '../../src/backfill/pace.ts';
import { formatEstimate, progressOf } from '../../src/cli/backfill-report.ts';

const estimate: Estimate = {
  ...{ objects: 1_000_000, selected: 1_000_000, outputs: 2_000_000, sourceBytes: 12_800 * 1024 ** 3 },
  ...{
    headRequests: 500_000,
    copyRequests: 500_000,
    unsized: 0,
    tasks: 0,
    skipped: {},
    sample: [],
    isUpperBound: false,
  },
};

function priceOf(region: string, { sourceBytes = estimate.sourceBytes, isViaFunction = false } = {}): string {
  const quota = { callsPerSecond: 40, bytesPerSecond: 16e6 };
  const source = listingSource([], () => Promise.reject());
  const client = {
    submit: async () => true,
    list: async () => [],
    find: async () => ({ status: '' }),
    stop: async () => true,
  };
  const job = { source, region, quota, max: undefined, taskClient: isViaFunction ? client : undefined };
  const text = formatEstimate({ ...estimate, sourceBytes }, job);
  return /price +(.*?) +time/.exec(text.replace(/\s+/g, ' '))?.[1] ?? text;
}

it('a dry run has the price of processing beyond 10 TB, of all requests, and of the function in use', () => {
  // There are 2,560 GB at CNY 0.025, 3,000,000 requests at CNY 0.01 for 10,000, and 40,000 batches of 50
  // outputs at 0.8984375 CU.
  expect(priceOf('cn-hangzhou')).toBe(
    'CNY 64.00 for the image processing, of which 10 TB a month are free, ' +
      'CNY 3.00 for the requests ("oss-saveas cost" names the sources)',
  );
  expect(priceOf('cn-hangzhou', { sourceBytes: 10_240 * 1024 ** 3 })).toMatch(/^CNY 0\.00 for the image/);
  expect(priceOf('cn-hangzhou', { isViaFunction: true })).toMatch(/requests, CNY 3\.95 for the function \(/);
});

it('a dry run outside mainland China says which amounts it does not know', () => {
  expect(priceOf('eu-central-1', { isViaFunction: true })).toMatch(
    /^an amount unknown here for the image .* an amount unknown here for the requests, USD 0\.72 for the/,
  );
});

it('progress is that of the objects which --max allows, and of the calls of this machine', () => {
  const state = {
    ...{ startedAt: '', rules: '', input: '' },
    expectedSelected: 1_000,
    endsAt: 50,
  };
  const attempts = { all: 0, throttled: 0 };
  const pace = {
    ...createPace({ callsPerSecond: 1, bytesPerSecond: 1, now: Date.now, sleep: async () => {} }),
    attempts,
  };
  const journal = { state: { ...state, counts: noCounts, failuresBytes: 0 }, total: { ...noCounts } };
  const progress = progressOf(journal, pace);

  Object.assign(journal.total, { objects: 40, selected: 20 });

  expect(progress()).toMatch(/^20 of 50 objects, [\d.]+ calls\/s, 0 failed, \d+ s left$/);
  [attempts.all, attempts.throttled] = [4, 1];
  expect(progress()).toContain(' calls/s, 25 % throttled, 0 failed, ');
});
