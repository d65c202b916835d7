import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type Chain, checkRules } from '../check/check.ts';
import { checkDelivery, checkOwnOutputs, checkRegions } from '../check/delivery.ts';
import type { FunctionResource } from '../check/deployment.ts';
import type { Diagnostic, Severity } from '../check/diagnostic.ts';
import { formatDiagnostics, selectShown } from '../check/format.ts';
import { checkBuiltRules, checkFunctions } from '../check/functions.ts';
import { checkTriggers } from '../check/triggers.ts';
import type { CompiledRules } from '../compile/compile.ts';
import { type Colour, defineCommand, type Io } from './command.ts';
import { compileFile, findTemplate, rulesOption, templateOption } from './project.ts';

export const check = defineCommand({
  options: {
    rules: rulesOption,
    template: templateOption,
    json: { summary: 'prints JSON' },
    strict: { summary: 'fails on warnings too' },
  },
  run: async ({ rules, template, json, strict }, io) => {
    const result = await checkFiles(rules, template, io.env);
    const { diagnostics, chains } = result;
    const failing = diagnostics.filter(
      ({ severity }) => severity === 'error' || (severity === 'warning' && strict),
    );
    const ok = failing.length === 0;
    io.out(json ? `${JSON.stringify({ ok, diagnostics, chains }, undefined, 2)}\n` : formatCheck(result, io));
    return ok ? 0 : 1;
  },
});

interface CheckResult {
  compiled: CompiledRules;
  diagnostics: Diagnostic[];
  /** The diagnostics about the template, or about the rules in relation to it. */
  ofDeployment: readonly Diagnostic[];
  chains: Chain[];
  /** The template that the rules were compared with. */
  template?: string | undefined;
}

/** Checks a rules file, and the deployment of the template that is named or beside it. */
export async function checkFiles(
  rulesFile: string,
  templateFile: string | undefined,
  env: Io['env'],
): Promise<CheckResult> {
  const compiled = await compileFile(rulesFile);
  if (!compiled.ok) {
    return { compiled, diagnostics: compiled.diagnostics, ofDeployment: [], chains: [] };
  }
  const template = await findTemplate(templateFile, dirname(rulesFile), env);
  const { source, locate } = compiled;
  const ours = template?.ours ?? [];
  const regions = ours.length > 0 ? [...new Set(ours.map(({ region }) => region))] : undefined;
  const { diagnostics, chains } = checkRules(compiled, { regions });
  const ofDeployment: Diagnostic[] = [];
  if (template !== undefined && template.diagnostics.length > 0) {
    ofDeployment.push(...template.diagnostics);
  } else if (template !== undefined) {
    const triggers = ours.flatMap((one) => one.triggers);
    const ofTemplate = [
      ...checkTriggers(template.functions),
      ...checkFunctions(template.functions),
      ...checkOwnOutputs(source, triggers),
    ];
    const ofRules = [...checkDelivery(source, triggers), ...checkRegions(source, ours)];
    ofDeployment.push(...ofTemplate.map(template.locate), ...(await checkBuilt(ours)));
    ofDeployment.push(...(ours.length > 0 ? ofRules.map(locate) : []));
  }
  const shown = selectShown([...diagnostics, ...ofDeployment]);
  return { compiled, diagnostics: shown, ofDeployment, chains, template: template?.file };
}

/** Checks the rules that an earlier build left in the folders that are deployed. */
async function checkBuilt(ours: readonly FunctionResource[]): Promise<Diagnostic[]> {
  const found = ours.map(async ({ codeDir }) => {
    const file = relative('', join(codeDir, 'rules.json'));
    return [...checkBuiltRules(await readFile(file, 'utf8').catch(() => ''), file)];
  });
  return (await Promise.all(found)).flat();
}

const colours: Record<string, Colour> = { error: 'red', warning: 'yellow', note: 'cyan' };

/** Diagnostics formatted and coloured for a terminal, with a line feed at the end. */
export function paintDiagnostics(diagnostics: readonly Diagnostic[], { paint }: Io): string {
  const text = formatDiagnostics(diagnostics).replace(/^(error|warning|note)(?= )/gm, (severity) =>
    paint(colours[severity] ?? 'gray', severity),
  );
  return text === '' ? '' : `${text}\n`;
}

function formatCheck({ compiled, diagnostics, chains, template }: CheckResult, io: Io): string {
  const count = (severity: Severity) =>
    plural(diagnostics.filter((one) => one.severity === severity).length, severity);
  const steps = chains.map(({ rule, next }) => `\`${next}\` takes results of \`${rule}\`\n`);
  const hasLoop = diagnostics.some(({ code }) => /^(schema|too-complex|loop)$/.test(code));
  const rules = plural(compiled.ok ? compiled.source.length : 0, 'rule');
  const compared = template === undefined ? '' : `, compared with ${template}`;
  const counts = `${count('error')}, ${count('warning')}, ${count('note')}`;
  const verdict = `${rules}${compared}: ${counts}${hasLoop ? '' : '; no loop is possible'}.\n`;
  const painted = paintDiagnostics(diagnostics, io);
  return [painted, painted && '\n', ...new Set(steps), verdict].join('');
}

/** A count with its noun, such as `2 rules`. */
export const plural = (count: number, name: string) => `${count} ${name}${count === 1 ? '' : 's'}`;
