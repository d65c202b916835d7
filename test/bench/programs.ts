import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { bundleFunction } from '../../src/cli/build/bundle.ts';
import { compileRules } from '../../src/rules/compile.ts';
import { spawnPlain } from './quota.ts';
import { rulesOf } from './sample.ts';

const outDir = resolve('build/bench');

/** Files that the measured process loads as its handler, by the names of the figures. */
export const handlers = {
  bare: 'bare',
  ours: join(outDir, 'function/index.js'),
  'node:http': join(outDir, 'baseline-node-http.cjs'),
  undici: join(outDir, 'baseline-undici.cjs'),
  'ali-oss': join(outDir, 'baseline-ali-oss.cjs'),
};
export type Program = keyof typeof handlers;

/** Builds the function as it is deployed and the baselines from the published packages, which stay as installed. */
export async function buildPrograms(): Promise<void> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(join(outDir, 'function'), { recursive: true });
  await bundleFunction(join(outDir, 'function'));
  // The project's own package.json says ESM; a package on Function Compute has none.
  writeFileSync(join(outDir, 'package.json'), '{}');
  const rulesFile = join(outDir, 'rules.json');
  writeFileSync(rulesFile, JSON.stringify(rulesOf(1)));
  writeFileSync(join(outDir, 'function/rules.json'), (await compileRules(rulesFile)).json);
  const names = ['instance', 'stub-oss', 'baseline-node-http', 'baseline-undici', 'baseline-ali-oss'];
  await build({
    entryPoints: names.map((name) => `test/bench/${name}.ts`),
    outdir: outDir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    packages: 'external',
    logLevel: 'warning',
  });
}

export interface Stub {
  endpoint: string;
  close(): void;
}

/** Starts the stub OSS in a process of its own, so that its work is in nobody's account. */
export async function startStub(delayMs = 0): Promise<Stub> {
  const child = fork(join(outDir, 'stub-oss.cjs'), [String(delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const port = String(await new Promise((resolvePort) => child.stdout?.once('data', resolvePort))).trim();
  return { endpoint: `http://127.0.0.1:${port}`, close: () => child.kill() };
}

export interface Measured {
  first: { processorMs: number; wallMs: number; peakMb: number };
  since: { processorUs: number; wallMs: number; peakMb: number }[];
}

export interface RunOptions {
  endpoint: string;
  checkpoints?: readonly number[];
  env?: Record<string, string>;
  spawn?: typeof spawnPlain;
}

/** Runs one measured process to its end. */
export async function measure(program: Program, options: RunOptions): Promise<Measured> {
  const { endpoint, checkpoints = [], env = {}, spawn = spawnPlain } = options;
  const environment = { PATH: process.env.PATH, OSS_ENDPOINT: endpoint, ...env };
  const args = [join(outDir, 'instance.cjs'), handlers[program], checkpoints.join(',')];
  const startedAt = performance.timeOrigin + performance.now();
  const { result, complaints } = await endOf(spawn(args, environment));
  if (result === '') throw new Error(`${program} ended without a result\n${complaints}`);
  const { first, since } = JSON.parse(result);
  return { first: { ...first, wallMs: first.endedAt - startedAt }, since };
}

function endOf(child: ChildProcess): Promise<{ result: string; complaints: string }> {
  const [, stdout, stderr, channel] = child.stdio;
  const [result, complaints]: [string[], string[]] = [[], []];
  stdout?.on('data', () => {});
  stderr?.on('data', (chunk) => complaints.push(String(chunk).slice(0, 2_000)));
  channel?.on('data', (chunk) => result.push(String(chunk)));
  return new Promise((resolveEnd, reject) => {
    child.on('error', reject);
    child.on('close', () => resolveEnd({ result: result.join(''), complaints: complaints.join('') }));
  });
}
