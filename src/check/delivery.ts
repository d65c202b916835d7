import { DFA, isDisjointWith } from 'refa';
import { type Budget, within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import { maxCharacter } from '../compile/glob.ts';
import { pick, textOf } from '../json.ts';
import type { FunctionResource, Trigger } from './deployment.ts';
import { type Diagnostic, error, warning } from './diagnostic.ts';
import { bucketsMeet, pathTo, writersOf } from './graph.ts';
import { exampleKey, intersect, keysOf, literalPattern, regular, without, withoutAll } from './language.ts';
import { eventPatternOf, removalEvents, typesOf } from './triggers.ts';
import { closed, isOpen } from './variables.ts';

/** States for one question. If they do not suffice, it stays open. */
const maxSteps = 20_000;
const maxStepsForAll = 200_000;

/** Reports what no trigger delivers to a rule: a warning or, if the rule would never run, an error. */
export function checkDelivery(rules: readonly SourceRule[], triggers: readonly Trigger[]): Diagnostic[] {
  const removing = rules.filter(({ onRemove }) => onRemove !== undefined);
  return [
    ...findGaps(rules, readDeliveries(triggers.filter(bringsUploads)), false),
    ...findGaps(removing, readDeliveries(triggers.filter(bringsRemovals)), true),
  ];
}

function findGaps(rules: readonly SourceRule[], deliveries: readonly Delivery[], isRemoval: boolean) {
  return rules.flatMap((rule) =>
    (rule.match.bucket ?? [undefined]).flatMap((bucket) => {
      const near = deliveries.filter(({ buckets }) =>
        bucketsMeet(buckets, bucket === undefined ? [] : [bucket]),
      );
      const gap = within(maxSteps, (budget) => ({
        key: exampleKey(withoutAll(rule.keys, near, budget), budget),
        isPartly: near.some(({ keys }) => !isDisjointWith(rule.keys, keys)),
      }));
      const which = `${bucket === undefined ? '' : ` in ${bucket}`}, such as \`${gap?.key}\``;
      return gap?.key === undefined ? [] : [describeGap(rule, which, gap.isPartly, isRemoval)];
    }),
  );
}

/** Reports keys that a rule takes and no trigger delivers. With `isPartly` others are delivered. */
function describeGap(
  { name, index, match }: SourceRule,
  which: string,
  isPartly: boolean,
  isRemoval: boolean,
): Diagnostic {
  const what = `${isPartly ? 'some of ' : ''}what \`${name}\` takes${which}`;
  const [glob, ...others] = match.key;
  return {
    severity: isPartly ? 'warning' : 'error',
    code: `${isPartly ? 'partly-reached' : 'unreached'}${isRemoval ? '-removal' : ''}`,
    message: isRemoval
      ? `no trigger delivers ${removalEvents.join(' and ')} of ${what}: its outputs would stay`
      : `no trigger delivers ${what}${isPartly ? '' : ': it would never run'}`,
    hint: 'oss-saveas generate trigger writes triggers for the rules.',
    path: ['rules', index, ...(isRemoval ? ['onRemove'] : ['match', 'key'])],
    span: !isRemoval && others.length === 0 && glob ? { offset: 0, length: glob.text.length } : undefined,
  };
}

/** Whether a trigger calls the function for uploads. One without events is reported elsewhere. */
function bringsUploads(trigger: Trigger): boolean {
  const types = typesOf(trigger) ?? [];
  return types.length === 0 || types.some((type) => /^oss:Object(Created|Replication):/.test(type));
}

/** Whether a trigger calls the function when objects are deleted. */
function bringsRemovals(trigger: Trigger): boolean {
  const types = typesOf(trigger);
  return types === undefined || removalEvents.every((event) => types.includes(event));
}

/** Warns of triggers that call the function for its own outputs, though no rule takes those. */
export function checkOwnOutputs(rules: readonly SourceRule[], triggers: readonly Trigger[]): Diagnostic[] {
  // It is not known here which keys a topic, a queue or an open variable brings.
  const isReadable = (one: Trigger) =>
    eventPatternOf(one) !== undefined &&
    !one.isOff &&
    (one.eventSource ?? 'Default') === 'Default' &&
    !isOpen(`${one.prefix}${one.suffix}`);
  const deliveries = readDeliveries(triggers.filter(isReadable).filter(bringsUploads));
  const found = new Map<Trigger, Diagnostic>();
  within(maxStepsForAll, (budget) => {
    for (const { rule, output, buckets } of writersOf(rules)) {
      const written = keysOf({ rule, output }, budget);
      const takers = rules.filter(({ compiled }) => bucketsMeet(compiled.match.buckets, buckets));
      const open = deliveries.filter((one) => !found.has(one.trigger) && bucketsMeet(one.buckets, buckets));
      for (const { trigger, keys } of open) {
        const key = exampleKey(withoutAll(intersect(written, keys, budget), takers, budget), budget);
        if (key !== undefined) {
          found.set(trigger, describeWaste(trigger, key, rule.name));
        }
      }
    }
  });
  return [...found.values()];
}

function describeWaste({ path }: Trigger, key: string, rule: string): Diagnostic {
  const output = `its own output \`${key}\` (rule \`${rule}\`)`;
  const message = `calls the function for ${output}, which costs an invocation each time`;
  const hint = 'Narrow its prefix, or leave them out by EventBridge (oss-saveas generate eventbridge).';
  return warning('own-outputs', path, message, hint);
}

/** The keys that a trigger delivers, or more than these if a part of it cannot be read. */
interface Delivery {
  trigger: Trigger;
  /** Empty if they are not known. */
  buckets: readonly string[];
  keys: DFA;
}

const any = '[^]*';

/** Reads what triggers of OSS deliver, and those that may be of OSS. A topic may have any bucket's events. */
function readDeliveries(triggers: readonly Trigger[]): Delivery[] {
  return triggers.flatMap((trigger) => {
    const pattern = eventPatternOf(trigger);
    const sources = pick(pattern, 'source');
    const isOther = (source: unknown) => typeof source === 'string' && source !== 'acs.oss';
    const isOfOthers = Array.isArray(sources) && sources.every(isOther);
    if (isOfOthers || !/^(oss|eventbridge|mns_topic)$|\$\{/.test(trigger.type)) {
      return [];
    }
    const object = pick(pattern, 'data', 'oss', 'object');
    const keys = within(maxStepsForAll, (budget) => {
      const subject = readField(pick(pattern, 'subject'), keyOfSubject, budget);
      return intersect(subject, readField(pick(object, 'key'), closed, budget), budget);
    });
    return [{ trigger, buckets: bucketsOf(trigger), keys: keys ?? DFA.all({ maxCharacter }) }];
  });
}

/** The buckets of the events that a trigger delivers; empty if they are not known. */
export function bucketsOf(trigger: Trigger): string[] {
  const pattern = eventPatternOf(trigger);
  const names = pick(pattern, 'data', 'oss', 'bucket', 'name');
  return Array.isArray(names) ? names.map(String) : bucketsOfSubjects(pick(pattern, 'subject'));
}

/**
 * Refuses a target in another region than a source bucket that its rule names: OSS saves within one region
 * only (OSS help, "sys/saveas"). The triggers of functions show which region a bucket is in.
 */
export function checkRegions(
  rules: readonly SourceRule[],
  functions: readonly FunctionResource[],
): Diagnostic[] {
  const regions = new Map(
    functions.flatMap(({ region, triggers }) =>
      triggers.flatMap((one) => bucketsOf(one).map((bucket) => [bucket, one.region ?? region])),
    ),
  );
  return writersOf(rules).flatMap((writer) => {
    const { bucket = '' } = writer.output.target;
    const there = regions.get(bucket);
    const isElsewhere = (name: string) => (regions.get(name) ?? there) !== there;
    const source = there && writer.rule.match.bucket?.find(isElsewhere);
    const places = `${bucket} is in ${there}, ${source} in ${regions.get(source ?? '')}`;
    const message = `${places}: OSS saves within one region only`;
    return source ? [error('target-region', pathTo(writer, 'target', 'bucket'), message)] : [];
  });
}

/** Reads the conditions on one field, any of which may hold (EventBridge help, "Event patterns"). */
function readField(list: unknown, keyOf: (text: string) => string | undefined, budget: Budget): DFA {
  const conditions: unknown[] = Array.isArray(list) ? list : [{}];
  const keyAt = (condition: unknown, ...path: string[]) => {
    const text = textOf(path.length === 0 ? condition : pick(condition, ...path));
    return text === undefined ? undefined : keyOf(text);
  };
  const sources = conditions.map((condition) => {
    const [exact, prefix = ''] = [keyAt(condition), keyAt(condition, 'prefix')];
    const suffix = closed(textOf(pick(condition, 'suffix'))) ?? '';
    return exact === undefined
      ? literalPattern(prefix) + any + literalPattern(suffix)
      : literalPattern(exact);
  });
  const keys = DFA.fromFA(regular(sources.join('|'), budget), budget.dfa);
  const barred = conditions.length === 1 ? keyAt(conditions[0], 'anything-but', 'prefix') : undefined;
  return barred === undefined ? keys : without(keys, regular(literalPattern(barred) + any, budget), budget);
}

/** Any part of `acs:oss:<region>:<account>:<bucket>/<key>` may be a variable; a prefix may end anywhere. */
const subjectPattern = /^acs:oss:(?:(?:\$\{[^}]*\}|[^:$])+:){2}((?:\$\{[^}]*\}|[^/$])+)\/(.*)$/s;

function keyOfSubject(text: string): string | undefined {
  const [, , key] = subjectPattern.exec(text) ?? [];
  return closed(key);
}

/** The buckets that a list of subjects names; empty if one of the subjects may be of any bucket. */
function bucketsOfSubjects(list: unknown): string[] {
  const subjects: unknown[] = Array.isArray(list) ? list : [];
  const buckets = subjects.map((subject) => {
    const [, bucket] = subjectPattern.exec(textOf(subject) ?? textOf(pick(subject, 'prefix')) ?? '') ?? [];
    return closed(bucket);
  });
  const known = buckets.filter((bucket) => bucket !== undefined);
  return known.length === buckets.length ? known : [];
}
