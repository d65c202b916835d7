import { execFile } from 'node:child_process';
import { basename, dirname, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { findUndelivered } from '../check/delivery.ts';
import { type FunctionResource, readDeployment, readTrigger, type Trigger } from '../check/deployment.ts';
import type { SourceRule } from '../compile/compile.ts';
import { fieldsOf, parseJson, pick, textOf } from '../json.ts';
import type { Io } from './command.ts';
import { cannotTell, type Finding, ok, wrong } from './finding.ts';
import { type Rules, rolePolicy } from './policies.ts';

/** What the template says beside the rules, and what the account says beside the template. */
export async function checkDeployment(rules: Rules, template: string, io: Io): Promise<Finding[]> {
  const functions = await renderTemplate(template, io);
  if ('problem' in functions) {
    return [functions.problem];
  }
  const triggers = functions.ours.flatMap((one) => one.triggers);
  const deployed = await Promise.all(functions.ours.map((one) => checkDeployedTriggers(one, io)));
  const roles = await Promise.all(functions.ours.map((one) => checkRole(rules, one, io)));
  return [checkCoverage(rules.source, triggers), ...deployed.flat(), ...roles];
}

/** Our functions of a template, rendered by Serverless Devs. */
export async function renderTemplate(
  template: string,
  io: Io,
): Promise<{ ours: FunctionResource[] } | { problem: Finding }> {
  const preview = ['preview', '-t', template, '-o', 'json'];
  const rendered = await runJson(process.execPath, [...endWithUs, serverlessDevs, ...preview], io);
  if ('problem' in rendered) {
    const advice = 'set OSS_REGION and OSS_BUCKET; npm ci brings `s`';
    return { problem: cannotTell('template', `s preview: ${rendered.problem}`, advice) };
  }
  const functions = readDeployment(rendered.value, { dir: dirname(resolve(template)), env: io.env });
  const ours = functions.filter(({ isOurs }) => isOurs);
  return ours.length > 0
    ? { ours }
    : {
        problem: cannotTell(
          'template',
          `${template} deploys no function of ours`,
          'see the one that is shipped',
        ),
      };
}

/** Whether the triggers deliver every key that a rule takes. */
function checkCoverage(rules: readonly SourceRule[], triggers: readonly Trigger[]): Finding {
  const check = 'triggers cover rules';
  const names = triggers.map(
    ({ name, bucket, prefix = '', suffix = '' }) =>
      `${name} (${bucket === undefined ? 'EventBridge' : `oss://${bucket}, prefix "${prefix}", suffix "${suffix}"`})`,
  );
  const found = names.length === 0 ? 'no trigger' : names.join(', ');
  const missed = findUndelivered(rules, triggers).map(
    ({ ruleIndex, key }) => `${rules[ruleIndex]?.name} takes ${key}, which none delivers`,
  );
  return missed.length === 0
    ? ok(check, found)
    : wrong(check, `${found}: ${missed.join('; ')}`, 'widen prefix and suffix, or narrow the rule');
}

async function checkDeployedTriggers(
  { name, region = '', triggers }: FunctionResource,
  io: Io,
): Promise<Finding[]> {
  const path = `/2023-03-30/functions/${name}/triggers`;
  const answer = await runJson('aliyun', ['fc', 'GET', path, '--region', region], io);
  const deployed =
    'problem' in answer ? [] : list(pick(answer.value, 'triggers')).map((one) => readTrigger(one, []));
  return triggers.map((trigger) => {
    const check = `trigger ${trigger.name}`;
    if ('problem' in answer) {
      return cannotTell(check, answer.problem, aliyunAdvice);
    }
    const twin = deployed.find((one) => one.name === trigger.name);
    if (twin === undefined) {
      return wrong(check, `${name} has none of that name`, 'npx s deploy');
    }
    const parts = ['bucket', 'prefix', 'suffix', 'pattern'] as const;
    const differing = parts.filter((part) => twin[part] !== trigger[part]);
    return differing.length === 0
      ? ok(check, `${name} has it`)
      : wrong(check, `${differing.join(' and ')} are not what the template says`, 'npx s deploy');
  });
}

/** Whether the role's policies allow all that the rules need; conditions are not weighed. */
export async function checkRole(
  rules: Rules,
  { role = '', triggers }: FunctionResource,
  io: Io,
): Promise<Finding> {
  const check = 'role';
  const name = role.split('/').at(-1) ?? '';
  const answer = await runJson('aliyun', ['ram', 'ListPoliciesForRole', '--RoleName', name], io);
  if ('problem' in answer) {
    return cannotTell(check, answer.problem, aliyunAdvice);
  }
  const statements: Statement[] = [];
  for (const policy of list(pick(answer.value, 'Policies', 'Policy'))) {
    const [policyName = '', type = ''] = ['PolicyName', 'PolicyType'].map((field) =>
      textOf(pick(policy, field)),
    );
    const args = ['ram', 'GetPolicy', '--PolicyName', policyName, '--PolicyType', type];
    const read = await runJson('aliyun', args, io);
    if ('problem' in read) {
      return cannotTell(check, read.problem, aliyunAdvice);
    }
    const document = textOf(pick(read.value, 'DefaultPolicyVersion', 'PolicyDocument')) ?? '';
    const granted = statementsOf(parseJson(document));
    if (granted.length === 0) {
      return cannotTell(check, `${policyName} cannot be read`, aliyunAdvice);
    }
    statements.push(...granted);
  }
  const bucket = triggers.find((trigger) => trigger.bucket)?.bucket ?? io.env.OSS_BUCKET ?? '';
  const site = { region: '', account: '*', bucket, functionName: '' };
  const missing = statementsOf(rolePolicy(rules, site)).flatMap(({ actions, objects }) =>
    actions.flatMap((action) =>
      objects
        .filter((object) => !isAllowed(statements, action, object))
        .map((object) => `${action} on oss://${object}`),
    ),
  );
  return missing.length === 0
    ? ok(check, `${name} may do all that the rules need`)
    : wrong(check, `${name} lacks ${missing.join(', ')}`, policyAdvice);
}

const aliyunAdvice = 'install the aliyun CLI and configure it, or look into the console';
const policyAdvice =
  'aliyun ram CreatePolicyVersion --PolicyName oss-saveas --SetAsDefault true --RotateStrategy DeleteOldestNonDefaultVersionWhenLimitExceeded --PolicyDocument "$(npx oss-saveas generate policy)"';

interface Statement {
  effect: string | undefined;
  actions: string[];
  /** `bucket/key`, with RAM's wildcards. */
  objects: string[];
}

function statementsOf(policy: unknown): Statement[] {
  return list(fieldsOf(policy).Statement).map((statement) => {
    const { Effect, Action, Resource } = fieldsOf(statement);
    return {
      effect: textOf(Effect),
      actions: list(Action).map(String),
      // acs:oss:<region>:<account>:<bucket>/<key>; region and account are nearly always "*", and not weighed.
      objects: list(Resource).map((resource) => String(resource).replace(/^acs:oss:[^:]*:[^:]*:/, '')),
    };
  });
}

function isAllowed(statements: readonly Statement[], action: string, object: string): boolean {
  const concerning = statements.filter(
    ({ actions, objects }) =>
      actions.some((pattern) => fits(pattern, action)) && objects.some((pattern) => fits(pattern, object)),
  );
  return concerning.length > 0 && concerning.every(({ effect }) => effect === 'Allow');
}

/** RAM's wildcards: `*` for any characters, `?` for one. */
function fits(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'is').test(text);
}

/** Has a Node.js program end when we do, however that comes about: its standard input ends then. */
const endWithUs = [
  '--import',
  "data:text/javascript,process.stdin.on('end',()=>process.exit()).resume().unref()",
];
const serverlessDevs = 'node_modules/@serverless-devs/s/bin/s';

/** Runs a program that prints JSON. */
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
    stop.throwIfAborted();
    const name = file === 'aliyun' ? `${basename(file)} ${args.slice(0, 2).join(' ')}: ` : '';
    return { problem: `${name}${reasonOf(error)}` };
  }
}

/** What a program gave as its reason: its own words on stdout (`s`) or stderr, else why it could not be run. */
function reasonOf(error: unknown): string {
  const { code, stdout, stderr } = fieldsOf(error);
  if (code === 'ENOENT') {
    return 'not installed';
  }
  const [words] =
    /^\w*Error: .*$/m.exec(textOf(stdout) ?? '') ?? /^.*\S.*$/m.exec(textOf(stderr) ?? '') ?? [];
  return words ?? (error instanceof Error ? error.message : String(error));
}

const list = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
