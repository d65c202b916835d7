import { readFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { buffer } from 'node:stream/consumers';
import { parseEnv, styleText } from 'node:util';

// A reader of our output may stop reading, as `head` does; shells call that 141.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 141 : 1));
}
try {
  // Serverless Devs reads the same .env. A byte order mark would become a part of the first name.
  const text = readFileSync('.env', 'utf8').replace(/^\uFEFF/, '');
  for (const [name, value] of Object.entries(parseEnv(text))) {
    process.env[name] ??= value;
  }
} catch {
  // There is none.
}
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => (stop.signal.aborted ? process.exit(130) : stop.abort()));
}
// Loaded only now: Ctrl-C is heeded while it is.
const { main } = await import('./main.ts');
const hasColour = process.stdout.isTTY === true && !process.env.NO_COLOR;
const isAnswering = process.stdin.isTTY === true && process.stderr.isTTY === true;
process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  readInput: () => buffer(process.stdin),
  confirm: isAnswering ? confirm : undefined,
  ask: isAnswering ? ask : undefined,
  env: process.env,
  isTerminal: process.stderr.isTTY === true,
  paint: (colour, text) => (hasColour ? styleText(colour, text, { validateStream: false }) : text),
  stop: stop.signal,
});
if (stop.signal.aborted) {
  process.exit(); // Something may still be under way.
}

async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N]`));
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const end = () => stop.abort();
  // The terminal keeps Ctrl-C and Ctrl-D for itself, and is closed by both.
  terminal.once('close', end);
  try {
    return (await terminal.question(`${question} `, stop)).trim();
  } finally {
    terminal.off('close', end);
    terminal.close();
  }
}
