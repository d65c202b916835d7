/**
 * `npm run conformance -- [--report out.md] [--function NAME] [--yes]`: asks a real account what the documents leave open
 * (docs/conformance.md).
 */
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { runConformance } from './run.ts';

try {
  process.loadEnvFile();
} catch {
  // There is none.
}
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    process.stderr.write('Ending; what was made is removed first. A second Ctrl-C leaves it.\n');
    return stop.signal.aborted ? process.exit(130) : stop.abort();
  });
}

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const end = () => stop.abort();
  terminal.once('close', end); // by Ctrl-C and Ctrl-D
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, stop)).trim());
  } catch {
    return false;
  } finally {
    terminal.off('close', end);
    terminal.close();
  }
}

try {
  const { values } = parseArgs({
    options: {
      report: { type: 'string' },
      function: { type: 'string' },
      yes: { type: 'boolean', default: false },
    },
  });
  process.exitCode = await runConformance({
    report: values.report,
    functionName: values.function,
    yes: values.yes,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    confirm: process.stdin.isTTY === true && process.stderr.isTTY === true ? confirm : undefined,
    stop: stop.signal,
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
