import { defineConfig } from 'vitest/config';

/** These replace modules, or change the process before anything is imported, so each has a process of its own. */
const alone = [
  'test/folder-lock-full-disk.test.ts',
  'test/cli/own-folder.test.ts',
  'test/local/stack.test.ts',
  'test/local/image/{fonts,no-font}.test.ts',
  'test/local/oss/store/unreadable-files.test.ts',
  'test/local/page/save-rules.test.ts',
  // These measure their own process.
  'test/{bench,fuzz,soak}/*.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      // A process that has loaded our modules, undici and refa once takes the next file in a tenth of the time.
      {
        extends: true,
        test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: alone, isolate: false },
      },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
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
