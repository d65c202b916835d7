import { writersOf } from '../check/graph.ts';
import type { SourceRule } from '../compile/compile.ts';
import { literalStart } from '../compile/glob.ts';
import { stylesOf } from '../compile/variants.ts';
import { asksMore } from '../pipeline/complete.ts';
import type { Rule } from '../rules/rule-set.ts';
import { keyVariables, type Part, render, type VariableValues } from '../rules/template.ts';
import { immPermissions, isOfImm } from './imm.ts';

/** The rules as their author wrote them, with what they were compiled to. */
export type Rules = readonly SourceRule[];

/** The place where the rules are deployed; each part may be a variable of `s.yaml`. */
export interface Site {
  region: string;
  account: string;
  /** The bucket of rules that name none. */
  bucket: string;
  functionName: string;
}

/**
 * The least that the function's role has to be allowed: PostProcessTask on sources, PutObject on targets (OSS help,
 * "sys/saveas"), and GetObject, which HeadObject is authorised as, on what rules have looked at and styles read. A copy of
 * a target onto itself reads and writes it; its tags and ACL are rights of their own (OSS help, "RAM policy overview"). What
 * IMM carries out needs ProcessImm and GetObject on its sources, and IMM's own permission (OSS help, "Permissions").
 */
export function rolePolicy(rules: Rules, { account, bucket }: Site): object {
  const { sources, targets, read, tagged, shared, deleted, ofImm } = objectPrefixes(rules, bucket);
  const allow = (action: string, prefixes: readonly string[]) => ({
    Effect: 'Allow',
    Action: [action],
    Resource: prefixes.map((prefix) => `acs:oss:*:${account}:${prefix}`),
  });
  const statements = [
    allow('oss:PostProcessTask', sources),
    allow('oss:PutObject', targets),
    allow('oss:GetObject', read),
    allow('oss:PutObjectTagging', tagged),
    allow('oss:PutObjectAcl', shared),
    allow('oss:DeleteObject', deleted),
    allow('oss:ProcessImm', ofImm),
    ...immPermissions(rules).map((permission) => ({
      ...allow(permission, []),
      Resource: [`acs:imm:*:${account}:project/*`],
    })),
  ];
  return { Version: '1', Statement: statements.filter(({ Resource }) => Resource.length > 0) };
}

/** Lets a service take on a role: Function Compute the function's, OSS that of its trigger. */
export function trustPolicy(service: 'fc' | 'oss'): object {
  const Principal = { Service: [`${service}.aliyuncs.com`] };
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }] };
}

/** Lets the role of a native trigger call this function, and nothing else. */
export function triggerPolicy({ account, functionName }: Site): object {
  const Resource = ['', '/*'].map((versions) => `acs:fc:*:${account}:functions/${functionName}${versions}`);
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: ['fc:InvokeFunction'], Resource }] };
}

/** Objects that are processed, saved, read, tagged, given an ACL and deleted, as `bucket/key` or `bucket/prefix*`; those within others are left out. */
function objectPrefixes(rules: Rules, deployed: string) {
  const [sources, targets, read]: [string[], string[], string[]] = [[], [], []];
  const [tagged, shared, deleted]: [string[], string[], string[]] = [[], [], []];
  const ofImm: string[] = [];
  for (const { match, outputs, compiled } of rules) {
    const buckets = match.bucket ?? [deployed];
    const matched = buckets.flatMap((bucket) =>
      match.key.map(({ text }) => `${bucket}/${literalStart(text)}*`),
    );
    const logos = compiled.outputs.flatMap(({ style, variants }) =>
      variants.flatMap((values) => readBy(style, values)),
    );
    sources.push(...matched);
    read.push(...buckets.flatMap((bucket) => logos.map((logo) => `${bucket}/${logo}`)));
    if (outputs.some((output) => stylesOf(output).some(isOfImm))) {
      ofImm.push(...matched);
      read.push(...matched);
    }
    if (hasLookedAt(compiled)) {
      read.push(...matched);
    }
  }
  for (const { rule, index, buckets, prefix } of writersOf(rules)) {
    const saved = (buckets.length > 0 ? buckets : [deployed]).map((bucket) => `${bucket}/${prefix}*`);
    targets.push(...saved);
    const { refresh, afterSteps } = rule.compiled.outputs[index] ?? {};
    // A source that is there again has its missing output made.
    const isLookedAt = (refresh ?? afterSteps ?? rule.onRemove) !== undefined;
    read.push(...(isLookedAt ? saved : []));
    tagged.push(...(afterSteps?.tags !== undefined ? saved : []));
    shared.push(...(afterSteps?.acl !== undefined ? saved : []));
    deleted.push(...((afterSteps?.skipLarger ?? rule.onRemove) ? saved : []));
  }
  const used = { sources: widest(sources), targets: widest(targets), read: widest(read) };
  return {
    ...used,
    tagged: widest(tagged),
    shared: widest(shared),
    deleted: widest(deleted),
    ofImm: widest(ofImm),
  };
}

/** Whether a rule has its sources looked at, where an event says only which object it is about or that it is gone. */
function hasLookedAt(rule: Rule): boolean {
  const bare = { bucket: '', key: '', eventName: 'Manual' };
  return asksMore(rule, bare) || rule.onRemove !== undefined || rule.outputs.some(({ refresh }) => refresh);
}

/** Objects that a style reads beside its source: `image_` names the logo of a watermark, `o_` a video to be joined. */
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
