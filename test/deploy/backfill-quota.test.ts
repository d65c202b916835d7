import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { quotaOf } from '../../src/backfill/quota.ts';

it('the function of backfills has as many calls under way in each region as take 0.8 of its quota', () => {
  const { instances, concurrency } = parse(readFileSync('src/deploy/s.backfill.yaml', 'utf8')).vars;
  const fc3 = JSON.parse(readFileSync('test/fixtures/deploy/fc3/schema.json', 'utf8'));
  const regions: string[] = fc3.properties.region.enum;
  const callsIn = (region: string) =>
    (instances[region] ?? instances.elsewhere) * (concurrency[region] ?? concurrency.elsewhere);

  const unequal = regions.filter((region) => callsIn(region) !== 0.8 * quotaOf(region).callsPerSecond);
  expect(unequal, 'regions of which src/backfill/quota.ts and src/deploy/s.backfill.yaml differ').toEqual([]);
  expect(regions.length).toBeGreaterThan(10);
});
