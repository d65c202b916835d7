import { expect, it } from 'vitest';
import { simulate } from './simulate.ts';

it('a simulated backfill via the function stays below the quota, and takes linear time', async () => {
  const scenario = {
    instances: 10,
    callsAtOnce: 4,
    secondsPerCall: 1,
    quotaPerSecond: 50,
    uploadsPerSecond: 4,
  };

  const one = await simulate({ ...scenario, objects: 2_000 });
  const three = await simulate({ ...scenario, objects: 6_000 });

  expect(three.callsPerSecond).toBeGreaterThan(35);
  expect(three.callsPerSecond).toBeLessThan(42);
  expect(three.shareOverQuota).toBeLessThan(0.02);
  expect([one.tasks, three.tasks]).toEqual([97, 290]);
  expect(three.days / one.days).toBeCloseTo(3, 0);
  expect(three.largestPayloadBytes).toBeLessThan(128 * 1_024);
});
