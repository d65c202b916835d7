/**
 * `npm run bench -- [names] [--json]`: what the function costs, against named baselines, in one run on one machine, all
 * of it on the Node.js that Function Compute has.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { fetchNode, platformVersion } from '../node-binary.ts';
import { checking } from './checking.ts';
import { cold } from './cold.ts';
import { planning, sign } from './core-benches.ts';
import { type Figure, formatFigures, plot } from './figures.ts';
import type { Bench } from './in-turn.ts';
import { memory } from './memory.ts';
import { outputs } from './outputs.ts';
import { buildPrograms, startStub } from './programs.ts';
import { warm } from './warm.ts';

// `plan` and `check` last: their rules are garbage that would slow down what comes after it in the same process.
const benches: Record<string, Bench> = { cold, warm, memory, outputs, sign, plan: planning, check: checking };

function describeMachine(): string {
  const { model = 'unknown processor' } = cpus()[0] ?? {};
  return `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, V8 ${process.versions.v8}, ${availableParallelism()} x ${model.trim()}, ${process.platform} ${process.arch}`;
}

const meanings: Record<string, string> = {
  cold: 'from the start of the process to the first saved answer, beyond bare Node in the same round',
  warm: 'user and system time per event with one output',
  memory: 'peak resident memory; beyond bare Node for all others',
  outputs: 'wall time of one invocation, warm, where OSS takes 100 ms for each call',
  plan: 'one event against that many rules, one of which takes it',
  sign: 'one V4 header signature, the signing key kept',
  check: 'processor time to compile and check that many rules',
};

function plotPlan(figures: readonly Figure[]): string {
  return ['own folder', 'one folder']
    .map((kind) => {
      const points = figures.filter(({ name }) => name.endsWith(kind));
      const bars = points.map(({ name, median }) => ({ label: name.split(' ')[0] ?? '', value: median }));
      return plot(`\nPlanning one event, rules with ${kind} each`, bars, 'µs');
    })
    .join('');
}

async function main(): Promise<void> {
  const options = { json: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const unknown = positionals.find((name) => !(name in benches));
  if (unknown !== undefined) {
    console.error(`There is no bench "${unknown}"; there are ${Object.keys(benches).join(', ')}.`);
    process.exitCode = 1;
    return;
  }
  const names = Object.keys(benches).filter((name) => positionals.length === 0 || positionals.includes(name));
  const print = (text: string) => {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${text}`);
    }
  };
  await buildPrograms();
  const stub = await startStub();
  const all: Figure[] = [];
  if (!values.json) {
    console.log(describeMachine());
  }
  try {
    for (const name of names) {
      const figures = (await benches[name]?.(stub, (text) => print(`${name}: ${text}`))) ?? [];
      print('');
      all.push(...figures);
      if (values.json) {
        continue;
      }
      console.log(`\n${name}: ${meanings[name]}\n\n${formatFigures(figures)}`);
      if (name === 'plan') {
        console.log(plotPlan(figures));
      }
    }
  } finally {
    stub.close();
  }
  if (values.json) {
    console.log(JSON.stringify({ machine: describeMachine(), figures: all }, undefined, 2));
  }
}

if (process.version === `v${platformVersion}`) {
  await main();
} else {
  const binary = await fetchNode(platformVersion);
  const { status } = spawnSync(binary, process.argv.slice(1), { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
