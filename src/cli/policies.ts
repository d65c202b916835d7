import { keyPrefixes, outermost } from '../backfill/prefixes.ts';
import { writersOf } from '../check/graph.ts';
import type { SourceRule } from '../compile/compile.ts';
import { stylesOf } from '../compile/variants.ts';
import { asksMore } from '../pipeline/complete.ts';
import type { Rule } from '../rules/rule-set.ts';
import { keyVariables, type Part, render, type VariableValues } from '../rules/template.ts';
import { operationsOf } from '../style/catalog.ts';

/** The place where the rules are deployed; each part may be a variable of `s.yaml`. */
export interface Site {
  region: string;
  account: string;
  /** The bucket of rules that name none; `buckets` are all of them if triggers are on several. */
  bucket: string;
  buckets: readonly string[];
  functionName: string;
}

/**
 * The least that the function's role needs: PostProcessTask on sources, PutObject on targets (OSS help,
 * "sys/saveas"), and GetObject, which covers HeadObject, on objects that rules or styles read. A copy of a
 * target onto itself reads and writes it; tags and ACL need their own permissions (OSS help, "RAM policy
 * overview"). IMM's tasks need ProcessImm and GetObject on sources, and a permission of IMM (OSS help,
 * "Permissions").
 */
export function rolePolicy(
  rules: readonly SourceRule[],
  { account, buckets }: Pick<Site, 'account' | 'buckets'>,
): object {
  const grants = [...grantsOnSources(rules, buckets), ...grantsOnTargets(rules, buckets)];
  const statements = ossActions.map((action) => {
    const objects = widest(grants.flatMap((grant) => (grant.actions.includes(action) ? grant.objects : [])));
    const resources = objects.map((object) => `acs:oss:*:${account}:${object}`);
    return allow([action], resources);
  });
  const tasks = immPermissions(rules).map((action) => allow([action], [`acs:imm:*:${account}:project/*`]));
  return {
    Version: '1',
    Statement: [...statements, ...tasks].filter(({ Resource }) => Resource.length > 0),
  };
}

const allow = (Action: string[], Resource: string[]) => ({ Effect: 'Allow', Action, Resource });

/** Lets a service assume a role: Function Compute the function's, OSS that of its trigger. */
export function trustPolicy(service: 'fc' | 'oss'): object {
  const Principal = { Service: [`${service}.aliyuncs.com`] };
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }] };
}

/** Lets the role of a native trigger call this function, and nothing else. */
export function triggerPolicy({ account, functionName }: Site): object {
  const functions = ['', '/*'].map((versions) => `acs:fc:*:${account}:functions/${functionName}${versions}`);
  return { Version: '1', Statement: [allow(['fc:InvokeFunction'], functions)] };
}

const ossActions = [
  'oss:PostProcessTask',
  'oss:PutObject',
  'oss:GetObject',
  'oss:PutObjectTagging',
  'oss:PutObjectAcl',
  'oss:DeleteObject',
  'oss:ProcessImm',
] as const;

/** Objects as `bucket/key` or `bucket/prefix*`, and the actions allowed on them. */
interface Grant {
  actions: ((typeof ossActions)[number] | false)[];
  objects: string[];
}

function grantsOnSources(rules: readonly SourceRule[], deployed: readonly string[]): Grant[] {
  return rules.flatMap(({ match, outputs, compiled }) => {
    const buckets = match.bucket ?? deployed;
    const starts = keyStarts(compiled).map((start) => `${start}*`);
    const logos = compiled.outputs.flatMap(({ style, variants }) =>
      variants.flatMap((values) => readBy(style, values)),
    );
    const isImm = outputs
      .flatMap(stylesOf)
      .flatMap(operationsOf)
      .some(({ imm }) => imm);
    const isRead = isImm || hasLookedAt(compiled);
    const within = (keys: readonly string[]) =>
      buckets.flatMap((bucket) => keys.map((key) => `${bucket}/${key}`));
    return [
      {
        actions: ['oss:PostProcessTask', isImm && 'oss:ProcessImm', isRead && 'oss:GetObject'],
        objects: within(starts),
      },
      { actions: ['oss:GetObject'], objects: within(logos) },
    ];
  });
}

/**
 * The beginnings of the keys that a rule takes: those of its globs, one for each folder if they name several.
 * Within a folder names are not distinguished, because a policy has no room for all beginnings of `[a-z]*`.
 */
export function keyStarts({ match: { keys } }: Rule): string[] {
  const lengthOf = (prefix: string) => Math.max(keys.prefix.length, prefix.lastIndexOf('/') + 1);
  return outermost(keyPrefixes(keys).map((prefix) => prefix.slice(0, lengthOf(prefix))));
}

function grantsOnTargets(rules: readonly SourceRule[], deployed: readonly string[]): Grant[] {
  return writersOf(rules).map(({ rule, index, buckets, shapes }) => {
    const { refresh, afterSteps } = rule.compiled.outputs[index] ?? {};
    // If a source exists again, its missing output is made.
    const isRead = (refresh ?? afterSteps ?? rule.onRemove) !== undefined;
    const isDeleted = (afterSteps?.skipLarger ?? rule.onRemove) !== undefined;
    return {
      actions: [
        'oss:PutObject',
        isRead && 'oss:GetObject',
        afterSteps?.tags !== undefined && 'oss:PutObjectTagging',
        afterSteps?.acl !== undefined && 'oss:PutObjectAcl',
        isDeleted && 'oss:DeleteObject',
      ],
      objects: (buckets.length > 0 ? buckets : deployed).flatMap((bucket) =>
        shapes.map(({ prefix }) => `${bucket}/${prefix}*`),
      ),
    };
  });
}

/** The permissions in IMM that the rules need (OSS help, "Permissions"). */
export function immPermissions(rules: readonly SourceRule[]): string[] {
  const operations = rules.flatMap(({ outputs }) => outputs.flatMap(stylesOf)).flatMap(operationsOf);
  const permissions = operations.flatMap(({ permission = [] }) => permission);
  return [...new Set(permissions)].sort();
}

/** Whether a rule needs to look at its sources when an event only names one or says that it is gone. */
function hasLookedAt(rule: Rule): boolean {
  const bare = { bucket: '', key: '', eventName: 'Manual' };
  return asksMore(rule, bare) || rule.onRemove !== undefined || rule.outputs.some(({ refresh }) => refresh);
}

/** Objects that a style reads beside its source: `image_` is a watermark's logo, `o_` a video to join. */
function readBy(style: readonly Part[], variant: VariableValues): string[] {
  const anything = Object.fromEntries(keyVariables.map((name) => [name, '*']));
  const rendered = render(style, { ...anything, ...variant });
  return [...rendered.matchAll(/[,/](?:image|o)_([\w-]+)/g)].flatMap(([, encoded = '']) => {
    const [key = ''] = Buffer.from(encoded, 'base64url').toString().split('?x-oss-process=');
    return key === '' ? [] : [key.replace(/\*.*$/s, '*')];
  });
}

function widest(objects: readonly string[]): string[] {
  const all = [...new Set(objects)];
  const covers = (one: string, other: string) =>
    one !== other && one.endsWith('*') && other.startsWith(one.slice(0, -1));
  return all.filter((one) => !all.some((other) => covers(other, one))).sort();
}
