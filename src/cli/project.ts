import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { bucketsOf } from '../check/delivery.ts';
import { extendTemplate, type FunctionResource, readDeployment } from '../check/deployment.ts';
import { type Diagnostic, describeValue, mismatch } from '../check/diagnostic.ts';
import { formatDiagnostics } from '../check/format.ts';
import { type CompiledRules, compileRules } from '../compile/compile.ts';
import { readYaml } from '../compile/yaml.ts';
import { isJsonObject, pick, textOf } from '../json.ts';
import { bucketPattern } from '../oss/object-name.ts';
import { CliError, type Io, type Option } from './command.ts';
import { readText } from './input.ts';

export const rulesOption = {
  value: 'file',
  default: 'rules.yaml',
  summary: 'the rules',
} as const satisfies Option;

export const templateOption = {
  value: 'file',
  summary: 'the Serverless Devs template (default the s.yaml beside the rules)',
} as const satisfies Option;

export async function compileFile(file: string): Promise<CompiledRules> {
  const text = await readText(file, 'name another with --rules, or let "oss-saveas init" write one');
  return compileRules(text, file);
}

/** Reads and compiles a rules file; throws everything that is wrong with it. */
export async function loadRules(file: string): Promise<CompiledRules & { ok: true }> {
  return assertRight(await compileFile(file));
}

/** Throws everything that is wrong with rules. */
export function assertRight(compiled: CompiledRules): CompiledRules & { ok: true } {
  if (!compiled.ok) {
    throw new Error(`the rules are wrong:\n\n${formatDiagnostics(compiled.diagnostics)}`);
  }
  return compiled;
}

/** Reads the named template, or else the one in a folder, if there is one. */
export async function findTemplate(named: string | undefined, folder: string, env: Io['env']) {
  const file = named ?? ['s.yaml', 's.yml'].map((name) => join(folder, name)).find((one) => existsSync(one));
  return file === undefined ? undefined : loadTemplate(file, env);
}

/** The region of the function that a template deploys, if it says so. */
export const deployedRegion = (template: DeploymentTemplate | undefined) => template?.ours[0]?.region;

/** The buckets of rules that name none: those of the triggers of our functions, or else OSS_BUCKET. */
export function deployedBuckets(ours: readonly FunctionResource[] | undefined, env: Io['env']): string[] {
  const found = (ours ?? [])
    .flatMap(({ triggers }) => triggers.flatMap(bucketsOf))
    .filter((name) => bucketPattern.test(name));
  return found.length === 0 && env.OSS_BUCKET ? [env.OSS_BUCKET] : [...new Set(found)];
}

export type DeploymentTemplate = Awaited<ReturnType<typeof loadTemplate>>;

/** Reads a Serverless Devs template and those that it extends; `diagnostics` are faults in their texts. */
async function loadTemplate(file: string, env: Io['env']) {
  const { diagnostics, value, locate } = readYaml(await readText(file, 'name another with --template'), file);
  const template = await extend(value, [resolve(file)], diagnostics);
  if (!isJsonObject(value) && diagnostics.length === 0) {
    diagnostics.push(locate(mismatch([], 'a template with resources', describeValue(value))));
  }
  const functions = readDeployment(template, { dir: dirname(resolve(file)), env });
  const ours = functions.filter(({ isOurs }) => isOurs);
  return { file, functions, ours, diagnostics, locate };
}

/** `files` are the template and those that led to it; `found` gets the faults of those that it extends. */
async function extend(template: unknown, files: readonly string[], found: Diagnostic[]): Promise<unknown> {
  const base = textOf(pick(template, 'extend'));
  if (base === undefined) {
    return template;
  }
  const file = resolve(dirname(files.at(-1) ?? ''), base);
  if (files.includes(file)) {
    throw new CliError(`${file} extends itself.`);
  }
  const { diagnostics, value } = readYaml(await readText(file, `${files.at(-1)} extends it`), file);
  found.push(...diagnostics);
  return extendTemplate(await extend(value, [...files, file], found), template);
}
