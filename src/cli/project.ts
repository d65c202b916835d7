import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { extendTemplate, type FunctionResource, findVersion2, readDeployment } from '../check/deployment.ts';
import type { Diagnostic } from '../check/diagnostic.ts';
import { formatDiagnostics } from '../check/format.ts';
import { type CompiledRules, compileRules } from '../compile/compile.ts';
import { readYaml } from '../compile/yaml.ts';
import { pick, textOf } from '../json.ts';
import { CliError, type Io, type Option } from './command.ts';
import { readText } from './input.ts';

export const rulesOption = {
  value: 'file',
  default: 'rules.yaml',
  summary: 'the rules',
} as const satisfies Option;

export const templateOption = {
  value: 'file',
  summary: 'the deployment of Serverless Devs (default the s.yaml beside the rules)',
} as const satisfies Option;

/** Reads and compiles a rules file; throws everything that is wrong with it. */
export async function loadRules(file: string): Promise<CompiledRules & { ok: true }> {
  const compiled = compileRules(await readText(file), file);
  if (!compiled.ok) {
    throw new Error(`the rules are wrong:\n\n${formatDiagnostics(compiled.diagnostics)}`);
  }
  return compiled;
}

/** A deployment as the text of its template has it. */
interface DeploymentTemplate {
  file: string;
  functions: FunctionResource[];
  /** Faults of the text, or that it is for another component; then there are no functions of ours. */
  diagnostics: Diagnostic[];
  locate: (diagnostic: Diagnostic) => Diagnostic;
}

/** The template in a folder, by either of the names that Serverless Devs looks for. */
export function templateIn(folder: string): string {
  const file = join(folder, 's.yaml');
  const other = join(folder, 's.yml');
  return existsSync(other) && !existsSync(file) ? other : file;
}

/** Region and bucket of the function that a template deploys, as far as the template is there and tells them. */
export async function loadSite(
  template: string,
  env: Io['env'],
): Promise<{ region?: string | undefined; bucket?: string | undefined }> {
  const { functions } = existsSync(template) ? await loadTemplate(template, env) : { functions: [] };
  const ours = functions.find(({ isOurs }) => isOurs);
  return { region: ours?.region, bucket: ours?.triggers.find(({ bucket }) => bucket)?.bucket };
}

/** Reads a Serverless Devs template, and those that it extends. */
export async function loadTemplate(file: string, env: Io['env']): Promise<DeploymentTemplate> {
  const { diagnostics, value, locate } = readYaml(await readText(file), file);
  const template = await extend(value, [resolve(file)], diagnostics);
  const dir = dirname(resolve(file));
  const functions = readDeployment(template, {
    dir,
    env,
    readFile: (name) => readIfThere(resolve(dir, name)),
  });
  if (!functions.some(({ isOurs }) => isOurs)) {
    diagnostics.push(...findVersion2(template).map(locate));
  }
  return { file, functions, diagnostics, locate };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** `files` are the template's own, and those that led to it; faults of those that it extends go to `found`. */
async function extend(template: unknown, files: readonly string[], found: Diagnostic[]): Promise<unknown> {
  const base = textOf(pick(template, 'extend'));
  if (base === undefined) {
    return template;
  }
  const file = resolve(dirname(files.at(-1) ?? ''), base);
  if (files.includes(file)) {
    throw new CliError(`${file} extends itself.`);
  }
  const { diagnostics, value } = readYaml(await readText(file), file);
  found.push(...diagnostics);
  return extendTemplate(await extend(value, [...files, file], found), template);
}
