import { readFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { parseEnv, styleText } from 'node:util';
import { pick } from '../json.ts';
import { decodeText } from '../text-file.ts';

// The reader of our output may stop reading, as `head` does; shells report that as 141.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && stream === process.stdout) {
      process.stderr.write(`oss-saveas: the output cannot be written: ${error.message}\n`);
    }
    process.exit(error.code === 'EPIPE' ? 141 : 1);
  });
}

/** The names of an access key, its secret and its token: ours, Serverless Devs' and Alibaba Cloud's. */
const credentialNames = [
  ['OSS_ACCESS_KEY_ID', 'OSS_ACCESS_KEY_SECRET', 'OSS_SESSION_TOKEN'],
  ['AccessKeyID', 'AccessKeySecret', 'SecurityToken'],
  ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'ALIBABA_CLOUD_SECURITY_TOKEN'],
] as const;
readDotEnv();
const stop = new AbortController();
/** Exit codes of programs that a signal ended, as in shells. Ctrl-C at a question raises no signal. */
const signals = { SIGINT: 130, SIGTERM: 143 };
let interrupted = signals.SIGINT;
for (const [signal, code] of Object.entries(signals)) {
  process.on(signal, () => {
    interrupted = code;
    return stop.signal.aborted ? process.exit(code) : stop.abort();
  });
}
// Loaded only now, so that Ctrl-C already works while it loads.
const { main } = await import('./main.ts');
const isAnswering = process.stdin.isTTY === true && process.stderr.isTTY === true;
process.exitCode = await main(process.argv.slice(2), {
  out: (content) => process.stdout.write(content),
  err: (text) => process.stderr.write(text),
  input: process.stdin,
  confirm: isAnswering ? confirm : undefined,
  ask: isAnswering ? ask : undefined,
  // A .env often contains names without values, which count as not set.
  env: Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')),
  isTerminal: process.stderr.isTTY === true && process.env.TERM !== 'dumb',
  paint: styleText, // It respects NO_COLOR, FORCE_COLOR and whether the standard output is a terminal.
  stop: stop.signal,
});
if (stop.signal.aborted) {
  process.exit(interrupted); // Something may still be under way.
}

/** Adds variables of the .env here that the environment lacks. Serverless Devs reads the same file. */
function readDotEnv(): void {
  try {
    const variables = parseEnv(decodeText(readFileSync('.env'), '.env'));
    for (const [id, secret, token] of credentialNames) {
      const isWhole = (env: NodeJS.ProcessEnv) => env[id] && env[secret];
      if (isWhole(process.env) || isWhole(variables)) {
        const other = isWhole(process.env) ? variables : process.env;
        for (const name of [id, secret, token]) {
          delete other[name]; // It belongs to another access key.
        }
      }
    }
    for (const [name, value] of Object.entries(variables)) {
      process.env[name] ??= value;
    }
  } catch (error) {
    // There is no such file, or it is a folder, as Python makes one.
    if (!/^(ENOENT|EISDIR)$/.test(String(pick(error, 'code')))) {
      process.stderr.write(`oss-saveas: ${error instanceof Error ? error.message : error}\n`);
      process.exit(2);
    }
  }
}

async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N]`));
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const end = () => stop.abort();
  // While it asks, the terminal handles Ctrl-C and Ctrl-D itself, and both close it.
  terminal.once('close', end);
  try {
    return (await terminal.question(`${question} `, stop)).trim();
  } finally {
    terminal.off('close', end);
    terminal.close();
  }
}
