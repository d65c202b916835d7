import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fieldsOf, parseJson } from '../../src/json.ts';
import type { TestResult } from './report.ts';

/** Runs oss.test.ts against the account alone, below `prefix`; when `stop` is aborted, the tests end where they are. */
export async function runSuite(prefix: string, stop: AbortSignal): Promise<TestResult[]> {
  const dir = await mkdtemp(join(tmpdir(), 'conformance-'));
  const file = join(dir, 'results.json');
  const tests = ['run', '--config', 'test/conformance/vitest.config.ts'];
  const args = ['node_modules/vitest/vitest.mjs', ...tests, '--reporter=json', `--outputFile=${file}`];
  // A test may run this: its own vitest must not be taken for the one that is started.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'));
  const env = { ...Object.fromEntries(own), OSS_TEST_PREFIX: prefix };
  try {
    const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
    const end = () => child.kill('SIGKILL');
    stop.addEventListener('abort', end);
    await once(child, 'close');
    stop.removeEventListener('abort', end);
    if (stop.aborted) {
      // OSS still saves what was under way; pictures of 20 KB take it less than that.
      await pause(5_000);
    }
    return readResults(await readFile(file, 'utf8').catch(() => ''));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function readResults(text: string): TestResult[] {
  const { testResults } = fieldsOf(parseJson(text));
  const files: readonly unknown[] = Array.isArray(testResults) ? testResults : [];
  return files.flatMap((file) => {
    const { assertionResults } = fieldsOf(file);
    const results: readonly unknown[] = Array.isArray(assertionResults) ? assertionResults : [];
    return results.flatMap((result) => {
      const { title, status, failureMessages } = fieldsOf(result);
      const [message = ''] = Array.isArray(failureMessages) ? failureMessages.map(String) : [];
      const [firstLine = ''] = message.split('\n');
      const isRun = status === 'passed' || status === 'failed';
      return isRun ? [{ title: String(title), isPassed: status === 'passed', message: firstLine }] : [];
    });
  });
}
