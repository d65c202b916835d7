import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build } from 'esbuild';
import { bundleFunction, leaveOutNeverRun } from '../../src/compile/bundle.ts';
import { pick } from '../../src/json.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';
import { certificate } from './certificate.ts';
import { spawnPlain } from './container.ts';
import { rulesOf } from './sample.ts';

const outDir = resolve('build/bench');

/** Files that the measured process loads as its handler, by the names of the figures. */
const handlers = {
  bare: 'bare',
  ours: join(outDir, 'function/index.js'),
  'ours, no code cache': join(outDir, 'no-cache/index.js'),
  'by hand': join(outDir, 'baseline-node.cjs'),
  undici: join(outDir, 'baseline-undici.cjs'),
  'undici limit': join(outDir, 'limit-undici.cjs'),
  'ali-oss': join(outDir, 'baseline-ali-oss.cjs'),
};
export type Program = keyof typeof handlers;

const rootsFile = join(outDir, 'stub.pem');

/** Builds the function as it is deployed and the baselines from the published packages, which stay as installed. */
export async function buildPrograms(): Promise<void> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(join(outDir, 'function'), { recursive: true });
  await bundleFunction(join(outDir, 'function'));
  // The project's own package.json says ESM; a package on Function Compute has none.
  writeFileSync(join(outDir, 'package.json'), '{}');
  writeFileSync(rootsFile, certificate);
  writeRules('function/rules.json', rulesOf(1));
  cpSync(join(outDir, 'function'), join(outDir, 'no-cache'), { recursive: true });
  await promisify(execFile)(process.execPath, ['bin/code-cache.js', join(outDir, 'function')]);
  const names = ['instance', 'stub-oss', 'baseline-node', 'baseline-undici', 'baseline-ali-oss'];
  await buildEach(names, { packages: 'external' });
  await buildEach(['limit-undici'], {
    plugins: [leaveOutNeverRun],
    minifyWhitespace: true,
    minifySyntax: true,
  });
}

/** Compiles a rules document into a file of the bench; returns its path. */
export function writeRules(name: string, document: object): string {
  const file = join(outDir, name);
  writeFileSync(file, JSON.stringify(ruleSetOf(document)));
  return file;
}

async function buildEach(names: readonly string[], options: BuildOptions): Promise<void> {
  await build({
    entryPoints: names.map((name) => `test/bench/${name}.ts`),
    outdir: outDir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // import() would start Node's other loader, and be counted.
    supported: { 'dynamic-import': false },
    logLevel: 'warning',
    ...options,
  });
}

/** Endpoints of the stub, by scheme. */
export interface Stub {
  http: string;
  https: string;
  close(): void;
}

/** Starts the stub OSS in a process of its own, so that its work is in nobody's account. */
export async function startStub(delayMs = 0): Promise<Stub> {
  const child = fork(join(outDir, 'stub-oss.cjs'), [String(delayMs)]);
  const [ports] = await once(child, 'message');
  const at = (scheme: 'http' | 'https') => `${scheme}://127.0.0.1:${pick(ports, scheme)}`;
  return { http: at('http'), https: at('https'), close: () => child.kill() };
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
  // Node then reads all roots that it trusts as it starts, and not at its first connection: bare Node is spared it.
  const roots = endpoint.startsWith('https') && program !== 'bare' ? { NODE_EXTRA_CA_CERTS: rootsFile } : {};
  const environment = { PATH: process.env.PATH, OSS_ENDPOINT: endpoint, ...roots, ...env };
  const args = [join(outDir, 'instance.cjs'), handlers[program], checkpoints.join(',')];
  const startedAt = performance.timeOrigin + performance.now();
  const { result, complaints } = await endOf(spawn(args, environment));
  if (result === '') {
    throw new Error(`${program} ended without a result\n${complaints}`);
  }
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
