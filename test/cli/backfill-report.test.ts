import { expect, it, onTestFinished, vi } from 'vitest';
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

function dryRunOf(region: string, changes: Partial<Estimate>, isViaFunction = false): string {
  const quota = { callsPerSecond: 40, bytesPerSecond: 16e6 };
  const source = listingSource([], () => Promise.reject());
  const client = {
    submit: async () => true,
    list: async () => [],
    find: async () => ({ status: '' }),
    stop: async () => true,
  };
  const job = { source, region, quota, max: undefined, taskClient: isViaFunction ? client : undefined };
  return formatEstimate({ ...estimate, ...changes }, job).replace(/\s+/g, ' ');
}

function priceOf(region: string, { sourceBytes = estimate.sourceBytes, isViaFunction = false } = {}): string {
  const text = dryRunOf(region, { sourceBytes }, isViaFunction);
  return /price (.*?) time/.exec(text)?.[1] ?? text;
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

it.each([
  [2_360, 999, '999 B', '59 s'],
  [2_400, 1_000, '1 kB', '1 min'],
  [144_000, 1_550_000, '1.6 MB', '1 h 0 min'],
  [3_456_000, 2e9, '2 GB', '1 d 0 h'],
  [40, 160e12, '160 TB', '115 d 17 h'],
  [40, 1e15, '1,000 TB', '723 d 9 h'],
])('a dry run of %i calls that read %i bytes tells of %s and %s', (outputs, sourceBytes, size, time) => {
  const text = dryRunOf('cn-hangzhou', { outputs, sourceBytes, unsized: 1, copyRequests: 0 });

  expect(text).toContain(' left alone none ');
  expect(text).toContain(`as many, which read at least ${size} of sources, and 500,000 HEAD requests price`);
  expect(text).toContain(`time at least ${time} at 40 calls/s and 16 MB/s`);
});

it('progress is that of the objects which --max allows, and of the calls of this run on this machine', () => {
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
  const total = { ...noCounts, objects: 30, selected: 10, saved: 100, failed: 5 };
  const journal = { state: { ...state, counts: noCounts, failuresBytes: 0 }, total };
  const clock = vi.spyOn(performance, 'now').mockReturnValue(5_000);
  onTestFinished(() => clock.mockRestore());
  const progress = progressOf(journal, pace);

  expect(progress()).toBe('10 of 50 objects, 0 calls/s, 5 failed, waiting');
  Object.assign(total, { objects: 40, selected: 20, saved: 130, failed: 15 });
  clock.mockReturnValue(25_000);

  expect(progress()).toBe('20 of 50 objects, 2 calls/s, 15 failed, 1 min left');
  [attempts.all, attempts.throttled] = [4, 1];
  expect(progress()).toContain(' calls/s, 25 % throttled, 15 failed, ');
  // There are more than the dry run saw.
  total.selected = 60;
  expect(progress()).toMatch(/^60 of 60 objects, .*, 0 s left$/);
});
