import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createCheckout, execute } from './checkout.ts';

it('runs a command in a clone that was installed and never built', async () => {
  const checkout = await createCheckout();
  const cache = await mkdtemp(join(tmpdir(), 'npm-cache-'));
  onTestFinished(async () => {
    await checkout.remove();
    await rm(cache, { recursive: true, force: true });
  });
  const env = { PATH: process.env.PATH, HOME: cache, npm_config_cache: cache, npm_config_offline: 'true' };

  const { exitCode, output } = await execute('npx', ['oss-saveas', 'check'], { cwd: checkout.dir, env });

  expect(output).toContain('no loop is possible');
  expect(exitCode).toBe(0);
});
