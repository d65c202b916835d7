import { sourceBuckets } from '../check/graph.ts';
import type { SourceRule } from '../compile/compile.ts';
import { printable } from '../printable.ts';
import { checkDeployment } from './account.ts';
import { plural } from './check.ts';
import { CliError, defineCommand, type Io, unlessStopped } from './command.ts';
import { type Connection, connectionOptions, withConnection } from './connection.ts';
import { checkBuckets, checkEndpoint, checkVersioning, tryStyles } from './doctor-oss.ts';
import { type Finding, ok, wrong } from './finding.ts';
import { parseObjectUrl } from './input.ts';
import { deployedBuckets, findTemplate, loadRules, rulesOption, templateOption } from './project.ts';
import { formatTable } from './terminal.ts';

export const doctor = defineCommand({
  positionals: { name: 'oss://bucket/key', summary: 'an object to try the rules on', many: false },
  options: {
    ...connectionOptions,
    rules: rulesOption,
    template: { ...templateOption, summary: 'what was deployed (default s.yaml)' },
    wet: { summary: 'saves the results too, under scratch keys, and removes them' },
    json: { summary: 'prints JSON' },
  },
  // A saved result is removed before the command ends.
  handlesStop: true,
  run: async (values, io, [url]) => {
    const object = url === undefined ? undefined : parseObjectUrl(url);
    const { wet } = values;
    if (wet && object === undefined) {
      throw new CliError('--wet: name an object, oss://bucket/key.');
    }
    const { ruleSet, source } = await loadRules(values.rules);
    const removing = source.filter(({ onRemove }) => onRemove !== undefined);
    const template = await findTemplate(values.template, '.', io.env);
    // The local OSS has its own buckets.
    const ofTemplate = values.local ? [] : deployedBuckets(template?.ours, io.env);
    const deployed = [...ofTemplate, ...(object === undefined ? [] : [object.bucket])];
    const stoppable = (look: Promise<Finding[]>) => unlessStopped(look, io.stop);
    const askOss = async (connection: Connection) => [
      ...(await stoppable(checkBuckets(connection, bucketsOf(source, deployed)))),
      ...(await stoppable(checkVersioning(connection, sourceBuckets(removing, deployed)))),
      ...(await tryStyles(connection, ruleSet, { object, wet, stop: io.stop })),
    ];
    const ofOss = await withConnection(values, io, async (connection) => {
      const reach = await stoppable(checkEndpoint(connection, Date.now));
      const isReached = reach.every(({ check, state }) => check === 'clock' || state === 'ok');
      return [...reach, ...(isReached ? await askOss(connection) : [])];
    });
    const ofDeployment = await stoppable(checkDeployment(source, template, io));
    const ofRules = ok('rules', plural(source.length, 'rule'));
    const findings = [ofRules, ...checkEnvironment(io), ...ofOss, ...ofDeployment];
    io.out(values.json ? `${JSON.stringify(findings, undefined, 2)}\n` : formatFindings(findings, io));
    return findings.some(({ state }) => state === 'wrong') ? 1 : 0;
  },
});

/** This variable makes `s deploy` believe that it runs inside Function Compute (devsapp/fc3#59). */
function checkEnvironment({ env }: Io): Finding[] {
  const found = 'FC_REGION is set: s deploy then uploads through the internal endpoint, and hangs';
  return env.FC_REGION === undefined ? [] : [wrong('environment', found, 'unset FC_REGION')];
}

/** The buckets that the rules name, and the deployed ones if a rule names none. */
function bucketsOf(rules: readonly SourceRule[], deployed: readonly string[]): string[] {
  const targets = rules.flatMap(({ outputs }) => outputs.flatMap(({ target }) => target.bucket ?? []));
  return [...new Set([...sourceBuckets(rules, deployed), ...targets])];
}

function formatFindings(findings: readonly Finding[], { paint }: Io): string {
  const rows = findings.map(({ check, state, found }) => [check, state, found]);
  const table = formatTable(rows, (lines, [, state]) =>
    state === 'ok' ? lines : paint(state === 'wrong' ? 'red' : 'yellow', lines),
  );
  const advice = findings.flatMap(({ check, advice: text }) =>
    text ? [`- ${check}: ${printable(text)}\n`] : [],
  );
  return advice.length === 0 ? table : `${table}\nWhat to do\n${advice.join('')}`;
}
