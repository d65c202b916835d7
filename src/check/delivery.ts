import { DFA } from 'refa';
import { type Budget, createBudget, within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import { parseJson, pick, textOf } from '../json.ts';
import { closed, type Trigger } from './deployment.ts';
import { type Diagnostic, warning } from './diagnostic.ts';
import { bucketsMeet, writersOf } from './graph.ts';
import { exampleKey, intersect, keysOf, literalPattern, regular, without, withoutAll } from './language.ts';
import { removalEvents, typesOf } from './triggers.ts';

/** States for one question; where they do not suffice, it stays open. */
const maxSteps = 20_000;
const maxStepsForAll = 200_000;

/** Tells of all that no trigger delivers, in each bucket that a rule names: a warning, or an error where a rule would never run. */
export function checkDelivery(rules: readonly SourceRule[], triggers: readonly Trigger[]): Diagnostic[] {
  const removing = rules.filter(({ onRemove }) => onRemove !== undefined);
  return [
    ...findGaps(rules, readDeliveries(triggers.filter(bringsUploads)), false),
    ...findGaps(removing, readDeliveries(triggers.filter(bringsRemovals)), true),
  ];
}

function findGaps(
  rules: readonly SourceRule[],
  deliveries: readonly Delivery[],
  isRemoval: boolean,
): Diagnostic[] {
  return rules.flatMap((rule) =>
    (rule.match.bucket ?? [undefined]).flatMap((bucket) => {
      const near = deliveries.filter(({ buckets }) =>
        bucketsMeet(buckets, bucket === undefined ? [] : [bucket]),
      );
      const look = (budget: Budget) => {
        const key = exampleKey(withoutAll(rule.keys, near, budget), budget);
        const isPartly = near.some(({ keys }) => !intersect(rule.keys, keys, budget).isEmpty);
        return key === undefined ? [] : [describeGap(rule, { key, bucket, isPartly, isRemoval })];
      };
      return within(maxSteps, look) ?? [];
    }),
  );
}

/** A key that a rule takes and no trigger delivers; `isPartly` where other keys of the rule are delivered. */
interface DeliveryGap {
  key: string;
  bucket: string | undefined;
  isPartly: boolean;
  isRemoval: boolean;
}

function describeGap(
  { name, index, match }: SourceRule,
  { key, bucket, isPartly, isRemoval }: DeliveryGap,
): Diagnostic {
  const where = bucket === undefined ? '' : ` in ${bucket}`;
  const what = `${isPartly ? 'some of ' : ''}what \`${name}\` takes${where}, such as \`${key}\``;
  const [glob, ...others] = match.key;
  return {
    severity: isPartly ? 'warning' : 'error',
    code: `${isPartly ? 'partly-reached' : 'unreached'}${isRemoval ? '-removal' : ''}`,
    message: isRemoval
      ? `no trigger brings ${removalEvents.join(' and ')} of ${what}: its outputs would stay`
      : `no trigger delivers ${what}${isPartly ? '' : ': it would never run'}`,
    hint: 'oss-saveas generate trigger writes triggers for the rules.',
    path: ['rules', index, ...(isRemoval ? ['onRemove'] : ['match', 'key'])],
    span: !isRemoval && others.length === 0 && glob ? { offset: 0, length: glob.text.length } : undefined,
  };
}

/** Tells whether a trigger calls the function when objects are uploaded. One without events is told of by itself. */
function bringsUploads(trigger: Trigger): boolean {
  const types = typesOf(trigger) ?? [];
  return types.length === 0 || types.some((type) => /^oss:Object(Created|Replication):/.test(type));
}

/** Tells whether a trigger calls the function when objects are deleted. */
function bringsRemovals(trigger: Trigger): boolean {
  const types = typesOf(trigger);
  return types === undefined || removalEvents.every((event) => types.includes(event));
}

/** Warns of triggers that call the function for its own outputs, which no rule takes: each is an invocation paid for nothing. */
export function checkOwnOutputs(rules: readonly SourceRule[], triggers: readonly Trigger[]): Diagnostic[] {
  // Nobody can tell here which keys a topic or a queue brings.
  const isReadable = ({ type, prefix, suffix, pattern = '', eventSource = 'Default' }: Trigger) =>
    type === 'oss'
      ? closed(`${prefix}${suffix}`) !== undefined
      : eventSource === 'Default' && parseJson(pattern) !== undefined;
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
  const message = `calls the function for its own output \`${key}\` (rule \`${rule}\`), which costs an invocation each time`;
  const hint =
    'Narrow its prefix, or leave them out by an EventBridge pattern (oss-saveas generate eventbridge).';
  return warning('own-outputs', path, message, hint);
}

/** The keys that a trigger brings to the function; more than it really brings where a part of it cannot be read. */
interface Delivery {
  trigger: Trigger;
  /** Empty where it cannot be told which. */
  buckets: readonly string[];
  keys: DFA;
}

const any = '[^]*';

/** Reads what the triggers on OSS deliver. */
function readDeliveries(triggers: readonly Trigger[]): Delivery[] {
  const budget = createBudget(maxStepsForAll);
  return triggers.flatMap((trigger): Delivery[] => {
    const anything = { trigger, buckets: [], keys: DFA.fromFA(regular(any, budget), budget.dfa) };
    switch (trigger.type) {
      case 'oss':
        return [readNative(trigger, budget)];
      case 'eventbridge':
        return mayBringObjects(trigger) ? [readPattern(trigger, budget)] : [];
      // A topic may have the events of any bucket.
      case 'mns_topic':
        return [anything];
      default:
        return closed(trigger.type) === undefined ? [anything] : [];
    }
  });
}

function readNative(trigger: Trigger, budget: Budget): Delivery {
  const prefix = regular(literalPattern(closed(trigger.prefix) ?? '') + any, budget);
  const suffix = regular(any + literalPattern(closed(trigger.suffix) ?? ''), budget);
  const buckets = trigger.bucket === undefined ? [] : [trigger.bucket];
  return { trigger, buckets, keys: intersect(prefix, suffix, budget) };
}

/** Tells whether a pattern may let events of objects through. */
function mayBringObjects({ pattern = '' }: Trigger): boolean {
  const sources = pick(parseJson(pattern), 'source');
  return !Array.isArray(sources) || sources.includes('acs.oss');
}

function readPattern(trigger: Trigger, budget: Budget): Delivery {
  const pattern = parseJson(trigger.pattern ?? '');
  const subject = readField(pick(pattern, 'subject'), keyOfSubject, budget);
  const key = readField(pick(pattern, 'data', 'oss', 'object', 'key'), (text) => text, budget);
  const buckets = pick(pattern, 'data', 'oss', 'bucket', 'name');
  return {
    trigger,
    buckets: Array.isArray(buckets) ? buckets.map(String) : [],
    keys: intersect(subject, key, budget),
  };
}

/** Reads one field's list of conditions, of which any has to fit (EventBridge help, "Event patterns"). */
function readField(list: unknown, keyOf: (text: string) => string | undefined, budget: Budget): DFA {
  const conditions: unknown[] = Array.isArray(list) ? list : [{}];
  const keyAt = (condition: unknown, ...path: string[]) => {
    const text = textOf(path.length === 0 ? condition : pick(condition, ...path));
    return text === undefined ? undefined : keyOf(text);
  };
  const sources = conditions.map((condition) => {
    const [exact, prefix = ''] = [keyAt(condition), keyAt(condition, 'prefix')];
    const suffix = textOf(pick(condition, 'suffix')) ?? '';
    return exact === undefined
      ? literalPattern(prefix) + any + literalPattern(suffix)
      : literalPattern(exact);
  });
  const keys = DFA.fromFA(regular(sources.join('|'), budget), budget.dfa);
  const barred = conditions.length === 1 ? keyAt(conditions[0], 'anything-but', 'prefix') : undefined;
  return barred === undefined ? keys : without(keys, regular(literalPattern(barred) + any, budget), budget);
}

/** In `acs:oss:<region>:<account>:<bucket>/<key>` any part may be a variable, and a prefix may end anywhere. */
function keyOfSubject(text: string): string | undefined {
  const [, key] = /^acs:oss:(?:(?:\$\{[^}]*\}|[^:$])+:){2}(?:\$\{[^}]*\}|[^/$])+\/(.*)$/s.exec(text) ?? [];
  return closed(key);
}
