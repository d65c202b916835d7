import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
    // Two cores: more workers only make the real servers and image work of the tests wait for each other.
    maxWorkers: 2,
    coverage: {
      include: ['src/**/*.{ts,tsx}'],
      // The instance program, the entry for custom runtimes and the command line's own entry run in processes of their own.
      exclude: ['src/local/fc/instance.ts', 'src/http.ts', 'src/cli/bin.ts'],
      reporter: ['text-summary', 'html'],
    },
  },
});
