import { NFA, Words } from 'refa';
import type { SourceRule } from '../compile/compile.ts';
import { type Glob, maxCharacter } from '../compile/glob.ts';
import type { EventRecord, ObjectEvent } from '../events/object-event.ts';
import { headRequestsOf } from '../head-requests.ts';
import { mustAsk } from '../pipeline/complete.ts';
import { plan } from '../pipeline/plan.ts';
import type { PlanItem } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import { matchesKey } from '../rules/key-table.ts';
import { findMismatch, type Mismatch } from '../rules/match.ts';
import { type Match, type Rule, usesVariable } from '../rules/rule-set.ts';

/** Says what would become of one object. */
export interface Explanation extends Partial<OssObject> {
  /** The reason, if nothing at all is done. */
  skipped?: string | undefined;
  rules: RuleExplanation[];
  /** Image processing calls to OSS, each of them billed; `head` is a HeadObject before them. */
  calls: number;
  /** Asynchronous tasks of OSS, which IMM bills. */
  tasks: number;
  /** Further requests: for steps after a save, and for removals. */
  followUps: number;
  head: boolean;
}

export interface RuleExplanation {
  rule: string;
  matches: boolean;
  why?: string | undefined;
  /** Conditions that the object also has to meet, where its properties are not known. */
  provided?: string | undefined;
  outputs: OutputExplanation[];
}

interface OutputExplanation {
  target?: OssObject | undefined;
  process?: string;
  decoded?: string;
  isTask?: true | undefined;
  followUps?: number | undefined;
  failed?: string;
  /** It is deleted because its source was. */
  removed?: true;
}

/**
 * Explains what would become of the object of one record: why each rule takes it or does not, and the
 * outputs. Pure. `source` are the same rules as their author wrote them, if they came from a text.
 */
export function explainRecord(
  record: EventRecord,
  rules: readonly Rule[],
  source: readonly SourceRule[],
): Explanation {
  const items = plan(record, { rules });
  const [first] = items;
  const reason = first?.status === 'skipped' ? first.reason : undefined;
  const { event } = record.kind === 'object' ? record : {};
  const object = event && { bucket: event.bucket, key: event.key };
  if (event === undefined || (reason && !['no-rule-matched', 'own-output'].includes(reason))) {
    const skipped = reason ?? (first?.status === 'failed' ? first.message : 'nothing');
    return { ...object, skipped, ...sumUp([]) };
  }
  const isRemoval = items.some((item) => item.status === 'planned' && item.action === 'remove');
  const explained = isRemoval
    ? rules.map(({ name }) => explainRemoval(name, items))
    : rules.map((rule, i) => explainRule(rule, event, source[i]));
  // An upload's event says what rules ask for; an object that a person names may need a HeadObject first.
  const head = event.eventName === 'Manual' && mustAsk({ ...event, eventTime: event.modifiedAt }, { rules });
  return { ...object, ...sumUp(explained), head };
}

/** Adds up what the outputs cost. */
function sumUp(rules: RuleExplanation[]) {
  const outputs = rules.flatMap((rule) => rule.outputs);
  const planned = outputs.filter((output) => output.process !== undefined);
  const tasks = planned.filter((output) => output.isTask).length;
  const followUps = outputs.reduce((sum, output) => sum + (output.followUps ?? 0), 0);
  return { rules, calls: planned.length - tasks, tasks, followUps, head: false };
}

/** Explains which outputs of a rule are deleted, from the plan for a deletion. */
function explainRemoval(rule: string, items: readonly PlanItem[]): RuleExplanation {
  const outputs = items.filter((item) => item.rule === rule).flatMap(explainItem);
  const matches = outputs.length > 0;
  const why = matches ? 'deletes with it' : 'it has no outputs of this key, or keeps them';
  return { rule, matches, why, outputs };
}

function explainRule(rule: Rule, event: ObjectEvent, source: SourceRule | undefined): RuleExplanation {
  const { name, match, outputs } = rule;
  const isUnknown = findMismatch(match, event)?.endsWith('-unknown') === true;
  const { minBytes = 1, contentTypes } = match;
  const fitting = {
    ...event,
    // Empty objects are skipped, whatever the rule says.
    sizeBytes: event.sizeBytes ?? Math.max(1, minBytes),
    contentType: event.contentType ?? contentTypes[0]?.replace('*', 'jpeg'),
  };
  const object = { ...(isUnknown ? fitting : event), eTag: event.eTag ?? '<ETag>' };
  const mismatch = findMismatch(match, object);
  if (mismatch !== undefined) {
    return { rule: name, matches: false, why: whyNot(mismatch, rule, object, source), outputs: [] };
  }
  const items = plan({ kind: 'object', event: object }, { rules: [rule] });
  const usesETag = outputs.some((output) => usesVariable(output, ['etag']));
  const provided = [
    ...(isUnknown ? [conditionsOf(match)] : []),
    ...(usesETag && event.eTag === undefined ? ['with the ETag that its event brings'] : []),
  ];
  const isOwn = items.some(({ status }) => status === 'skipped');
  return {
    rule: name,
    matches: true,
    why: isOwn ? 'skipped: own-output. By its name this is a result of this rule' : undefined,
    provided: provided.join('; ') || undefined,
    outputs: items.flatMap(explainItem),
  };
}

/** Explains an entry of a plan. A skipped entry has no output. */
function explainItem(item: PlanItem): OutputExplanation[] {
  if (item.status !== 'planned') {
    return item.status === 'failed' ? [{ failed: item.message, target: item.target }] : [];
  }
  const { target } = item;
  if (item.action === 'remove') {
    // HeadObject checks the source before and after its target is deleted.
    return [{ target, removed: true, followUps: 3 }];
  }
  const { process, action, afterSteps } = item;
  // The last step copies the output onto itself or, if it is larger than its source, deletes it.
  const followUps = headRequestsOf(item) + Number(afterSteps !== undefined) || undefined;
  const isTask = action === 'submit' || undefined;
  return [{ target, process, decoded: decodeProcess(process), isTask, followUps }];
}

function conditionsOf({ minBytes, maxBytes, contentTypes }: Match): string {
  const conditions = [
    minBytes === undefined ? '' : `at least ${minBytes.toLocaleString('en')} bytes`,
    maxBytes === undefined ? '' : `at most ${maxBytes.toLocaleString('en')} bytes`,
    contentTypes.length === 0 ? '' : `content type ${contentTypes.join(' or ')}`,
  ];
  return `if it has ${conditions.filter((condition) => condition !== '').join(' and ')}`;
}

function whyNot(mismatch: Mismatch, { match }: Rule, event: ObjectEvent, source?: SourceRule): string {
  const { bucket, sizeBytes, contentType } = event;
  switch (mismatch) {
    case 'bucket':
      return `it takes objects of ${match.buckets.join(', ')}, not of ${bucket}`;
    case 'too-small':
      return `${sizeBytes} bytes are fewer than its ${match.minBytes}`;
    case 'too-large':
      return `${sizeBytes} bytes are more than its ${match.maxBytes}`;
    case 'key':
      return source === undefined ? 'the key does not fit' : whyNotKey(match, event.key, source.match);
    case 'content-type':
    case 'content-type-unknown':
    case 'size-unknown':
      return `it takes ${match.contentTypes.join(', ')}, not ${contentType}`;
  }
}

function whyNotKey({ keys }: Match, key: string, { key: globs, exclude = [] }: SourceRule['match']): string {
  const excluded = globs.some((glob) => fits(glob, key)) && exclude.find((glob) => fits(glob, key));
  if (excluded) {
    return `its exclude ${JSON.stringify(excluded.text)} leaves it out`;
  }
  const misfit = `the key does not fit ${globs.map(({ text }) => JSON.stringify(text)).join(', ')}`;
  return matchesKey(keys, key.toLowerCase()) ? `${misfit}: upper and lower case differ` : misfit;
}

function fits({ expression }: Glob, key: string): boolean {
  return NFA.fromRegex(expression, { maxCharacter }).test(Words.fromStringToUnicode(key));
}

/** The process with its Base64 values decoded. A value that is not Base64 stays as it is. */
export function decodeProcess(encoded: string): string {
  const pattern = /([,/])(text|image|content|type|topic|o|b)_([\w-]+)/g;
  return encoded.replace(pattern, (whole, before, name, value) => {
    const text = Buffer.from(value, 'base64url').toString('utf8');
    return Buffer.from(text).toString('base64url') === value ? `${before}${name}_${text}` : whole;
  });
}
