import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { concat, findCommonWord, literal, sequence, toDfa } from '../check/old/automaton.ts';
import { ANY_CHAR } from '../check/old/char-set.ts';
import { excludeDfa, keyDfa } from '../check/old/language.ts';
import type { Rule, RuleSet } from '../check/old/rule.ts';
import { formatObject } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import { planTargets } from './check/planner.ts';
import type { Io } from './command.ts';
import { cannotTell, type Finding, ok, wrong } from './finding.ts';

/** The part of the rendered template that is compared with rules and account. */
interface Deployment {
  functionName: string;
  region: string;
  role: string;
  trigger: Trigger | undefined;
}

interface Trigger {
  name: string;
  /** Undefined for EventBridge, whose pattern is not read here. */
  bucket?: string;
  prefix: string;
  suffix: string;
}

/**
 * What the template says beside the rules, and what the account says beside the template. The template is rendered
 * by Serverless Devs, the account asked through the `aliyun` CLI: without them, it cannot be told.
 */
export async function checkDeployment(
  rules: RuleSet,
  { template, io }: { template: string; io: Io },
): Promise<Finding[]> {
  const preview = ['preview', '-t', template, '-o', 'json'];
  const rendered = await runJson(process.execPath, ['node_modules/@serverless-devs/s/bin/s', ...preview], io);
  if ('problem' in rendered) {
    return [cannotTell('template', rendered.problem, 'set OSS_REGION and OSS_BUCKET; npm ci brings `s`')];
  }
  const deployment = readDeployment(rendered.value);
  if (deployment === undefined) {
    return [cannotTell('template', `${template} has no function with a role`, 'see the one that is shipped')];
  }
  return [
    ...checkTemplate(rules, deployment),
    await checkDeployedTrigger(deployment, io),
    await checkRole(rules, deployment, io),
  ];
}

/** Whether the trigger delivers every key that a rule takes. */
function checkTemplate({ rules }: RuleSet, { trigger }: Deployment): Finding[] {
  const check = 'trigger covers rules';
  if (trigger === undefined) {
    return [wrong(check, 'no trigger', 'add one to the template')];
  }
  if (trigger.bucket === undefined) {
    return [cannotTell(check, 'an EventBridge trigger', 'compare its pattern with the rules yourself')];
  }
  const where = `prefix "${trigger.prefix}", suffix "${trigger.suffix}"`;
  const missed = rules.flatMap((rule) => {
    const key = findMissed(rule, trigger);
    return key === undefined ? [] : [`${rule.name} takes ${key}, which it does not deliver`];
  });
  if (missed.length > 0) {
    return [wrong(check, `${where}: ${missed.join('; ')}`, 'widen prefix and suffix, or narrow the rule')];
  }
  return [{ check, state: 'ok', found: `oss://${trigger.bucket}, ${where}` }];
}

/** A key that the rule takes and the trigger leaves out. */
function findMissed({ match }: Rule, { prefix, suffix }: Trigger): string | undefined {
  const any = sequence([{ kind: 'run', set: ANY_CHAR }]);
  const delivered = toDfa(concat([literal(prefix), any, literal(suffix)]));
  const missed = findCommonWord([keyDfa(match)], [excludeDfa(match), delivered]);
  return missed.found === 'word' ? missed.word : undefined;
}

async function checkDeployedTrigger({ functionName, region, trigger }: Deployment, io: Io): Promise<Finding> {
  const check = 'trigger deployed';
  const path = `/2023-03-30/functions/${functionName}/triggers`;
  const answer = await runJson('aliyun', ['fc', 'GET', path, '--region', region], io);
  if ('problem' in answer) {
    return cannotTell(check, answer.problem, aliyunAdvice);
  }
  const triggers = field(answer.value, 'triggers');
  if (!Array.isArray(triggers)) {
    return cannotTell(check, 'an answer without triggers', aliyunAdvice);
  }
  const found = triggers.find((item) => field(item, 'triggerName') === trigger?.name);
  if (found === undefined) {
    return wrong(check, `${functionName} has no ${trigger?.name}`, 'npx s deploy');
  }
  const config = field(found, 'triggerConfig');
  const parsed = typeof config === 'string' ? parseJson(config) : config;
  const key = field(field(parsed, 'filter'), 'key');
  const isSame =
    trigger?.bucket === undefined ||
    (field(key, 'prefix') === trigger.prefix &&
      field(key, 'suffix') === trigger.suffix &&
      text(field(found, 'sourceArn')).endsWith(`:${trigger.bucket}`));
  if (isSame) {
    return ok(check, `${functionName} has ${trigger?.name}`);
  }
  return wrong(check, `${trigger?.name} is not what the template says`, 'npx s deploy');
}

/** Whether the role's policies allow what a sample object of each rule needs; conditions are not weighed. */
async function checkRole(rules: RuleSet, { role, trigger }: Deployment, io: Io): Promise<Finding> {
  const check = 'role';
  const name = role.split('/').at(-1) ?? '';
  const answer = await runJson('aliyun', ['ram', 'ListPoliciesForRole', '--RoleName', name], io);
  if ('problem' in answer) {
    return cannotTell(check, answer.problem, aliyunAdvice);
  }
  const policies = list(field(field(answer.value, 'Policies'), 'Policy'));
  const statements: unknown[] = [];
  for (const policy of policies) {
    const [policyName, type] = ['PolicyName', 'PolicyType'].map((key) => text(field(policy, key)));
    const args = ['ram', 'GetPolicy', '--PolicyName', policyName ?? '', '--PolicyType', type ?? ''];
    const read = await runJson('aliyun', args, io);
    if ('problem' in read) {
      return cannotTell(check, read.problem, aliyunAdvice);
    }
    const document = text(field(field(read.value, 'DefaultPolicyVersion'), 'PolicyDocument'));
    const granted = list(field(parseJson(document), 'Statement'));
    if (granted.length === 0) {
      return cannotTell(check, `${policyName} cannot be read`, aliyunAdvice);
    }
    statements.push(...granted);
  }
  const missing = needsOf(rules, trigger?.bucket).filter((need) => !isAllowed(statements, need));
  if (missing.length === 0) {
    return ok(check, `${name} may do all that the rules need`);
  }
  const found = missing.map(({ action, object }) => `${action} on ${formatObject(object)}`).join(', ');
  return wrong(check, `${name} lacks ${found}`, 'attach the policy of the README to it');
}

interface Need {
  action: string;
  object: OssObject;
}

/** What an image process with save-as needs (OSS help: "sys/saveas"), for one object of each rule. */
function needsOf(rules: RuleSet, triggerBucket = 'bucket'): Need[] {
  return rules.rules.flatMap((rule) => {
    const { match } = rule;
    const sample = findCommonWord([keyDfa(match)], [excludeDfa(match)]);
    if (sample.found !== 'word') {
      return [];
    }
    const source = { bucket: match.bucket[0] ?? triggerBucket, key: sample.word };
    return [
      { action: 'oss:GetObject', object: source },
      { action: 'oss:PostProcessTask', object: source },
      ...planTargets(rule, source).map((object) => ({ action: 'oss:PutObject', object })),
    ];
  });
}

function isAllowed(statements: readonly unknown[], { action, object }: Need): boolean {
  const concerning = statements.filter(
    (statement) =>
      list(field(statement, 'Action')).some((pattern) => fits(text(pattern), action)) &&
      // acs:oss:<region>:<account>:<bucket>/<key>; region and account are nearly always "*", and not weighed.
      list(field(statement, 'Resource')).some((pattern) =>
        fits(text(pattern).replace(/^acs:oss:[^:]*:[^:]*:/, ''), `${object.bucket}/${object.key}`),
      ),
  );
  const has = (effect: string) => concerning.some((statement) => field(statement, 'Effect') === effect);
  return has('Allow') && !has('Deny');
}

/** RAM's wildcards: `*` for any characters, `?` for one. */
function fits(pattern: string, value: string): boolean {
  const escaped = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 'is').test(value);
}

const aliyunAdvice = 'install the aliyun CLI and configure it, or look into the console';

async function runJson(
  file: string,
  args: readonly string[],
  { env, stop }: Io,
): Promise<{ value: unknown } | { problem: string }> {
  try {
    // NODE_ENV=test keeps Serverless Devs from reporting the command line to its makers.
    const options = { env: { ...env, NODE_ENV: 'test' }, signal: stop, timeout: 60_000 };
    const { stdout } = await promisify(execFile)(file, [...args], options);
    return { value: JSON.parse(stdout.slice(stdout.search(/^\{/m))) };
  } catch (error) {
    return { problem: `${basename(file)} ${args.slice(0, 2).join(' ')}: ${reasonOf(error)}` };
  }
}

/** What a program gave as its reason: its own words on stdout (`s`) or stderr, else why it could not be run. */
function reasonOf(error: unknown): string {
  if (field(error, 'code') === 'ENOENT') {
    return 'not installed';
  }
  const [said, complained] = ['stdout', 'stderr'].map((name) => text(field(error, name)));
  const [own] = /^\w*Error: .*$/m.exec(said ?? '') ?? /^.*\S.*$/m.exec(complained ?? '') ?? [];
  return own ?? (error instanceof Error ? error.message : String(error));
}

function readDeployment(value: unknown): Deployment | undefined {
  const [resource] = Object.values(field(value, 'resources') ?? {});
  const props = field(resource, 'props');
  const [role, functionName, region] = ['role', 'functionName', 'region'].map((name) =>
    text(field(props, name)),
  );
  if (!role || !functionName || !region) {
    return undefined;
  }
  const [trigger] = list(field(props, 'triggers'));
  return { role, functionName, region, trigger: trigger === undefined ? undefined : readTrigger(trigger) };
}

function readTrigger(trigger: unknown): Trigger {
  const key = field(field(field(trigger, 'triggerConfig'), 'filter'), 'key');
  const bucket = text(field(trigger, 'sourceArn')).split(':').at(-1);
  const isNative = field(trigger, 'triggerType') === 'oss';
  const names = { name: text(field(trigger, 'triggerName')), ...(isNative && bucket && { bucket }) };
  return { ...names, prefix: text(field(key, 'prefix')), suffix: text(field(key, 'suffix')) };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const list = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
