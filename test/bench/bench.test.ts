import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createCheckout, execute } from '../deploy/checkout.ts';
import { fetchNode, platformVersion } from '../node-binary.ts';

it("npm run bench measures one of its subjects on the platform's Node.js and prints finite figures", async () => {
  await fetchNode(platformVersion); // It is kept below node_modules, which the copy shares.
  const checkout = await createCheckout();
  onTestFinished(checkout.remove);
  await cp('test', join(checkout.dir, 'test'), { recursive: true });

  const env = { ...process.env, npm_config_offline: 'true' };
  const args = ['run', 'bench', '--', 'sign'];
  const { exitCode, output } = await execute('npm', args, { cwd: checkout.dir, env });

  expect(exitCode, output).toBe(0);
  expect(output).toContain(`, Node v${platformVersion}, `);
  const rows = output.split('\n').filter((line) => / µs +/.test(line));
  expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual([
    'SHA-256 and HMAC alone',
    'all headers of a request',
  ]);
  expect(output).not.toMatch(/NaN|Infinity|undefined/);
  for (const row of rows) {
    const [, median, unit, quartiles, samples] = row.trim().split(/ {2,}/);
    const [low, high] = quartiles?.split(' to ').map(Number) ?? [];
    expect(unit).toBe('µs');
    expect(Number(samples)).toBe(100);
    expect(low).toBeGreaterThan(0);
    expect(Number(median)).toBeGreaterThanOrEqual(low ?? Number.NaN);
    expect(high).toBeGreaterThanOrEqual(Number(median));
  }
  expect(rows[1]).toMatch(/ \d+\.\d\d x {2}SHA-256 and HMAC alone {2}2\.5 x$/);
}, 120_000);
