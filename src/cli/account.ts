import { execFile } from 'node:child_process';
import { isDeepStrictEqual, promisify } from 'node:util';
import { checkDelivery } from '../check/delivery.ts';
import { type FunctionResource, readTrigger, type Trigger } from '../check/deployment.ts';
import { isOpen } from '../check/variables.ts';
import type { SourceRule } from '../compile/compile.ts';
import { fieldsOf, parseJson, pick, textOf } from '../json.ts';
import { listOf } from '../xml.ts';
import type { Io } from './command.ts';
import { cannotTell, type Finding, lookAt, ok, wrong } from './finding.ts';
import { rolePolicy } from './policies.ts';
import { type DeploymentTemplate, deployedBuckets } from './project.ts';

/** Compares the template with the rules, and the account with the template: everything, or only our roles. */
export async function checkDeployment(
  rules: readonly SourceRule[],
  template: DeploymentTemplate | undefined,
  io: Io,
  part: 'all' | 'roles' = 'all',
): Promise<Finding[]> {
  if (template === undefined) {
    return [cannotTell('template', 'there is no s.yaml', 'name the deployed template with --template')];
  }
  const { file, ours, diagnostics } = template;
  const [open] = /\$\{env\([^)]*\)\}/.exec(JSON.stringify(ours)) ?? [];
  if (ours.length === 0 || open !== undefined) {
    const [fault] = diagnostics;
    const problem = open === undefined ? 'deploys no function of ours' : `has ${open}, which is not set`;
    return fault === undefined
      ? [cannotTell('template', `${file} ${problem}`, templateAdvice)]
      : [wrong('template', `${file}: ${fault.message}`, templateAdvice)];
  }
  const findings = part === 'all' ? [checkCoverage(rules, ours)] : [];
  for (const one of ours) {
    findings.push(...(part === 'all' ? await checkDeployedTriggers(one, io) : []));
    findings.push(...(await checkRole(rules, one, ours, io)));
  }
  return findings;
}

const templateAdvice = 'set OSS_REGION and OSS_BUCKET, and fix what check reports';
const aliyunAdvice = 'install the aliyun CLI and configure it, or look in the console';
const policyAdvice =
  'aliyun ram CreatePolicyVersion --PolicyName oss-saveas --SetAsDefault true --RotateStrategy ' +
  'DeleteOldestNonDefaultVersionWhenLimitExceeded --PolicyDocument "$(npx oss-saveas generate policy)"';

/** Whether the triggers deliver every key that a rule takes. */
function checkCoverage(rules: readonly SourceRule[], ours: readonly FunctionResource[]): Finding {
  const check = 'triggers cover rules';
  const triggers = ours.flatMap((one) => one.triggers);
  const unknown = ours.flatMap((one) => one.unknown).filter(({ path }) => path.includes('triggers'));
  const filters = triggers.map(({ name, bucket, prefix = '', suffix = '' }) => {
    const filter =
      bucket === undefined ? 'EventBridge' : `oss://${bucket}, prefix "${prefix}", suffix "${suffix}"`;
    return `${name} (${filter})`;
  });
  const found = filters.join(', ') || 'no trigger';
  const missed = checkDelivery(rules, triggers).map(({ message }) => message);
  if (missed.length > 0) {
    return wrong(check, `${found}: ${missed.join('; ')}`, 'widen prefix and suffix, or narrow the rule');
  }
  const open = unknown.map(({ text }) => text).join(', ');
  return unknown.length > 0
    ? cannotTell(check, `${open} cannot be looked up here`, 'look at them yourself')
    : ok(check, found);
}

function checkDeployedTriggers({ name, region = '', triggers }: FunctionResource, io: Io) {
  return lookAt(`triggers of ${name}`, aliyunAdvice, async () => {
    const path = `/2023-03-30/functions/${name}/triggers`;
    const answer = await aliyun(['fc', 'GET', path, '--region', region], io);
    const deployed = listOf(pick(answer, 'triggers')).map((one) => readTrigger(one, []));
    const named = triggers.filter((trigger) => !isOpen(trigger.name));
    return named.map((trigger) => {
      const twin = deployed.find((one) => one.name === trigger.name);
      const parts = twin === undefined ? [] : findDifferences(trigger, twin);
      if (twin !== undefined && parts.length === 0) {
        return ok(`trigger ${trigger.name}`, `${name} has it`);
      }
      const problem =
        twin === undefined ? `${name} has none of that name` : `another ${parts.join(' and ')} is deployed`;
      return wrong(`trigger ${trigger.name}`, problem, 'npx s deploy');
    });
  });
}

/** The parts in which two triggers differ. The order of events and white space in patterns do not matter. */
function findDifferences(one: Trigger, other: Trigger): string[] {
  const partsOf = ({ bucket, prefix, suffix, pattern = '', events }: Trigger) => {
    return { bucket, prefix, suffix, pattern: parseJson(pattern), events: [...events].sort() };
  };
  const others: Record<string, unknown> = partsOf(other);
  return Object.entries(partsOf(one)).flatMap(([part, value]) =>
    isOpen(JSON.stringify(value)) || isDeepStrictEqual(value, others[part]) ? [] : part,
  );
}

/** Whether the role's policies allow all that the rules need. Conditions of statements are ignored. */
function checkRole(
  rules: readonly SourceRule[],
  { role = '' }: FunctionResource,
  ours: readonly FunctionResource[],
  io: Io,
): Promise<Finding[]> {
  return lookAt('role', aliyunAdvice, async () => {
    const name = role.split('/').at(-1) ?? '';
    const buckets = deployedBuckets(ours, io.env);
    if (buckets.length === 0 && rules.some(({ match }) => match.bucket === undefined)) {
      throw new Error('a rule names no bucket, and neither does a trigger: set OSS_BUCKET');
    }
    const granted = await grantedTo(name, io);
    const missing = statementsOf(rolePolicy(rules, { account: '*', buckets })).flatMap(
      ({ actions: [action = ''], objects }) =>
        objects
          .filter((object) => !isAllowed(granted, action, object))
          .map((object) => `${action} on ${action.startsWith('oss:') ? 'oss://' : ''}${object}`),
    );
    return missing.length === 0
      ? [ok('role', `${name} may do all that the rules need`)]
      : [wrong('role', `${name} lacks ${missing.join(', ')}`, policyAdvice)];
  });
}

type Statement = ReturnType<typeof statementsOf>[number];

async function grantedTo(role: string, io: Io): Promise<Statement[]> {
  const granted: Statement[] = [];
  const answer = await aliyun(['ram', 'ListPoliciesForRole', '--RoleName', role], io);
  for (const policy of listOf(pick(answer, 'Policies', 'Policy'))) {
    const [name = '', type = ''] = ['PolicyName', 'PolicyType'].map((field) => textOf(pick(policy, field)));
    const read = await aliyun(['ram', 'GetPolicy', '--PolicyName', name, '--PolicyType', type], io);
    const document = textOf(pick(read, 'DefaultPolicyVersion', 'PolicyDocument')) ?? '';
    const statements = statementsOf(parseJson(document));
    if (statements.length === 0) {
      throw new Error(`${name} cannot be read`);
    }
    granted.push(...statements);
  }
  return granted;
}

/** The statements of a policy, with objects as `bucket/key` or `project/name` and RAM's wildcards. */
function statementsOf(policy: unknown) {
  return listOf(fieldsOf(policy).Statement).map((statement) => {
    const { Effect, Action, NotAction, Resource } = fieldsOf(statement);
    // acs:oss:<region>:<account>:<bucket>/<key>, acs:imm:…:project/<name>; region and account are mostly "*".
    const objects = listOf(Resource).map((resource) => String(resource).replace(/^acs(:[^:]*){3}:/, ''));
    const [actions = [], others = []] = [Action, NotAction].map((one) => listOf(one).map(String));
    return { effect: textOf(Effect), actions, others, objects };
  });
}

function isAllowed(statements: readonly Statement[], action: string, object: string): boolean {
  // NotAction stands for every action except those listed (RAM help, "Permission policy elements").
  const concerning = statements.filter(
    ({ actions, others, objects }) =>
      (others.length > 0
        ? !others.some((one) => fits(one, action))
        : actions.some((one) => fits(one, action))) && objects.some((pattern) => fits(pattern, object)),
  );
  return concerning.length > 0 && concerning.every(({ effect }) => effect === 'Allow');
}

/** RAM's wildcards: `*` for any characters, `?` for one. */
function fits(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'is').test(text);
}

/** Asks the account through Alibaba Cloud's command line. If that fails, throws its message. */
async function aliyun(args: readonly string[], { env, stop }: Io): Promise<unknown> {
  try {
    const { stdout } = await promisify(execFile)('aliyun', args, { env, signal: stop, timeout: 60_000 });
    return JSON.parse(stdout);
  } catch (error) {
    const { code, stderr } = fieldsOf(error);
    const [words] = /^.*\S.*$/m.exec(textOf(stderr) ?? '') ?? [];
    const reason = code === 'ENOENT' ? 'not installed' : (words ?? String(error));
    throw new Error(`aliyun ${args.slice(0, 2).join(' ')}: ${reason}`);
  }
}
