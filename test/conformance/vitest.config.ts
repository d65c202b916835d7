import { defineConfig } from 'vitest/config';

/** For the run that `npm run conformance` starts: nothing else hands oss.test.ts an account to write to. */
export default defineConfig({
  test: {
    include: ['test/conformance/oss.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    provide: { accountPrefix: process.env.OSS_TEST_PREFIX },
  },
});
