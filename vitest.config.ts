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
      // These run in processes of their own, or in a browser, where nothing counts what is run.
      exclude: [
        'src/index.ts',
        'src/http.ts',
        'src/cli/bin.ts',
        'src/local/fc/instance.ts',
        'src/local/page/client/**',
      ],
      reporter: ['text-summary', 'html'],
      // Measured on 2026-11-26: 96.4 % of lines, statements and functions (96.7), 90.4 % of branches.
      thresholds: { lines: 96, statements: 96, functions: 96, branches: 90 },
    },
  },
});
