import { compileRules } from '../check/old/compile.ts';
import type { OssObject } from '../process.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { CliError, type Command, type Io, textOf } from './command.ts';
import { connectionOptions, withConnection } from './connection.ts';
import { checkDeployment } from './doctor-account.ts';
import { checkBuckets, checkEndpoint, checkStyles } from './doctor-oss.ts';
import { parseObjectUrl } from './event-input.ts';
import { type Finding, ok } from './finding.ts';
import { formatTable, printable } from './terminal.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'Checks a deployment from here: OSS, rules, style, role and trigger.',
  positionals: { name: 'oss://bucket/key', summary: 'an object to try the rules on', many: false },
  options: {
    ...connectionOptions,
    rules: { value: 'file', default: 'rules.yaml', summary: 'the rules' },
    template: { value: 'file', default: 's.yaml', summary: 'what was deployed' },
    wet: { summary: 'saves the results too, under scratch keys, and removes them' },
    json: { summary: 'prints JSON' },
  },
  heedsStop: true,
  run: async (values, io, [url]) => {
    const object = url === undefined ? undefined : parseObjectUrl(url);
    const wet = values.wet === true;
    if (wet && object === undefined) {
      throw new CliError('--wet: name an object, oss://bucket/key.');
    }
    const { ruleSet, oldRules } = await compileRules(textOf(values, 'rules'));
    const findings = await withConnection(values, io, async (connection) => [
      ok('rules', `${ruleSet.rules.length} rules`),
      ...(await checkEndpoint(connection, Date.now)),
      ...(await checkBuckets(connection, bucketsOf(ruleSet, object, io.env.OSS_BUCKET))),
      ...(await checkStyles(connection, ruleSet, { object, wet })),
      ...(await checkDeployment(oldRules, { template: textOf(values, 'template'), io })),
    ]);
    io.out(values.json ? `${JSON.stringify(findings, undefined, 2)}\n` : formatFindings(findings, io));
    return findings.some(({ state }) => state === 'wrong') ? 1 : 0;
  },
};

/** Those the rules name, and where they name none the one that is deployed for. */
function bucketsOf(
  { rules }: RuleSet,
  object: OssObject | undefined,
  deployed: string | undefined,
): string[] {
  const named = rules.flatMap(({ match, outputs }) => [
    ...match.buckets,
    ...outputs.flatMap(({ target }) => target.bucket ?? []),
  ]);
  const isOpen = rules.some(({ match }) => match.buckets.length === 0);
  return [
    ...new Set([...named, ...(isOpen && deployed ? [deployed] : []), ...(object ? [object.bucket] : [])]),
  ];
}

function formatFindings(findings: readonly Finding[], { paint }: Io): string {
  const rows = findings.map(({ check, state, found }) => [check, state, found]);
  const table = formatTable(rows, (lines, [, state]) => {
    if (state === 'ok') {
      return lines;
    }
    return paint(state === 'wrong' ? 'red' : 'yellow', lines);
  });
  const advice = findings.flatMap(({ check, advice: text }) =>
    text ? [`- ${check}: ${printable(text)}\n`] : [],
  );
  const todo = advice.length === 0 ? '' : `\nWhat to do\n${advice.join('')}`;
  return `${table}${todo}`;
}
