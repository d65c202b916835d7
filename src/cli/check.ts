import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { loadRules } from '../check/old/load.ts';
import type { Chain } from '../check/old/loops.ts';
import { remarkAgreement } from './check/agreement.ts';
import { createSay, formatRemark, type Remark, toJson } from './check/remark.ts';
import { nameOf, remarkRules } from './check/rule-remarks.ts';
import { readServerless } from './check/serverless.ts';
import { CliError, type Command, type Io, textOf } from './command.ts';

export const check: Command = {
  name: 'check',
  summary: 'Proves the rules free of loops, and checks styles, targets and triggers; needs no network.',
  options: {
    rules: { value: 'file', default: 'rules.yaml', summary: 'the rules' },
    's-yaml': {
      value: 'file',
      summary: 'the deployment they are compared with (default the one beside them)',
    },
    json: { summary: 'prints JSON' },
    strict: { summary: 'warnings fail as well' },
  },
  run: async (values, io) => {
    const rules = textOf(values, 'rules');
    const sYaml = typeof values['s-yaml'] === 'string' ? values['s-yaml'] : undefined;
    const result = await checkFiles({ rules, ...(sYaml && { sYaml }) }, io.env);
    const failing = result.remarks.filter(
      ({ severity }) => severity === 'error' || (severity === 'warning' && values.strict === true),
    );
    if (values.json === true) {
      const report = { ok: failing.length === 0, remarks: result.remarks.map(toJson), chains: result.chains };
      io.out(`${JSON.stringify(report, undefined, 2)}\n`);
    } else {
      io.out(formatResult(result));
    }
    return failing.length === 0 ? 0 : 1;
  },
};

interface CheckResult {
  ruleCount: number;
  remarks: Remark[];
  chains: Chain[];
  /** The file the rules were compared with. */
  sYaml?: string;
}

/** Checks a rules file, and with it the deployment of the `s.yaml` that is named or stands beside it. */
export async function checkFiles(
  files: { rules: string; sYaml?: string },
  env: Io['env'],
): Promise<CheckResult> {
  const text = await readFile(files.rules, 'utf8').catch((error: Error) => {
    throw new CliError(`the rules cannot be read: ${error.message}`);
  });
  const loaded = loadRules(text, files.rules);
  if (!loaded.ok) {
    const remarks = loaded.issues.map((issue): Remark => ({ severity: 'error', code: 'rules', issue }));
    return { ruleCount: 0, remarks, chains: [] };
  }
  const remarks: Remark[] = [];
  const say = createSay(remarks, loaded.locate);
  const beside = join(dirname(files.rules), 's.yaml');
  const reading = { env, isOptional: files.sYaml === undefined };
  const deployment = await readServerless(files.sYaml ?? beside, reading, remarks);
  const chains = remarkRules(loaded.rules, say, deployment?.region);
  if (deployment !== undefined) {
    remarkAgreement(loaded.rules, deployment, {
      sayRules: say,
      saySYaml: createSay(remarks, deployment.locate),
    });
  }
  return {
    ruleCount: loaded.rules.rules.length,
    remarks: sortRemarks(remarks),
    chains,
    ...(deployment && { sYaml: deployment.file }),
  };
}

const ranks = { error: 0, warning: 1, info: 2 };

/** Worst first, then by file and place. */
function sortRemarks(remarks: readonly Remark[]): Remark[] {
  const placeOf = ({ issue }: Remark) =>
    'line' in issue
      ? [issue.file, ...[issue.line, issue.column].map((n) => String(n).padStart(9))].join(' ')
      : '';
  const rank = (remark: Remark) => `${ranks[remark.severity]} ${placeOf(remark)}`;
  return [...remarks].sort((a, b) => Number(rank(a) > rank(b)) - Number(rank(a) < rank(b)));
}

function formatResult({ ruleCount, remarks, chains, sYaml }: CheckResult): string {
  const count = (severity: Remark['severity'], name: string) =>
    plural(remarks.filter((remark) => remark.severity === severity).length, name);
  const lines = [
    ...remarks.map((remark) => `${formatRemark(remark)}\n`),
    ...chains.map(({ source, target, rule, next }) => {
      const [from, to] = [nameOf(source, [target.bucket]), nameOf(target, [source.bucket])];
      return `chain ${from} → ${to} by \`${rule}\`, taken by \`${next}\`\n`;
    }),
    `${plural(ruleCount, 'rule')}${sYaml === undefined ? '' : `, compared with ${sYaml}`}: `,
    `${count('error', 'error')}, ${count('warning', 'warning')}, ${count('info', 'note')}`,
    remarks.some(({ code }) => /^(rules|loop|possible-loop|own-source)$/.test(code))
      ? '.\n'
      : '; no loop is possible.\n',
  ];
  return lines.join('');
}

const plural = (count: number, name: string) => `${count} ${name}${count === 1 ? '' : 's'}`;
