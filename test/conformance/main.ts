/** `npm run conformance`: asks a real account what the documents leave open. */
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { pick } from '../../src/json.ts';
import { runConformance } from './run.ts';

const usage = `Usage: npm run conformance -- [--report out.md] [--function NAME] [--yes]

Asks a real account what the documents leave open; docs/conformance.md says what it needs, makes and costs.
`;

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

/** Reads the options, and resolves to the exit code. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      report: { type: 'string' },
      function: { type: 'string' },
      yes: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  return runConformance({
    report: values.report,
    functionName: values.function,
    yes: values.yes,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    confirm: process.stdin.isTTY === true && process.stderr.isTTY === true ? confirm : undefined,
    stop: stop.signal,
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const isOfOptions = String(pick(error, 'code')).startsWith('ERR_PARSE_ARGS');
  console.error(isOfOptions ? `${message}\n\n${usage}` : message);
  process.exitCode = 2;
}
