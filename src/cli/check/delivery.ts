import { concat, type Dfa, literal, sequence, toDfa, union } from '../../check/old/automaton.ts';
import { ANY_CHAR } from '../../check/old/char-set.ts';
import { product } from '../../check/old/product.ts';
import { pick } from '../../json.ts';
import { known, type Trigger } from './serverless.ts';

/** The objects that a trigger sends to the function. */
export interface Delivery {
  trigger: Trigger;
  /** Undefined: it cannot be told which. */
  buckets?: readonly string[];
  keys: Dfa;
}

const anything = () => sequence([{ kind: 'run', set: ANY_CHAR }]);
const beginning = (text: string) => concat([literal(text), anything()]);
const ending = (text: string) => concat([anything(), literal(text)]);
const containing = (text: string) => concat([anything(), literal(text), anything()]);

/** What a trigger delivers; more than it really does where a part of it cannot be read, undefined where it is no trigger on OSS. */
export function readDelivery(trigger: Trigger): Delivery | undefined {
  if (trigger.type === 'oss') {
    const { arn, prefix = '', suffix = '' } = trigger;
    const keys = intersect([beginning(known(prefix) ?? ''), ending(known(suffix) ?? '')].map(toDfa), []);
    return { trigger, keys, ...(arn?.bucket !== undefined && { buckets: [arn.bucket] }) };
  }
  if (trigger.type !== 'eventbridge' || trigger.pattern === undefined) {
    return undefined;
  }
  const pattern = parsePattern(trigger.pattern);
  const object = pick(pattern, 'data', 'oss', 'object', 'key');
  const named = pick(pattern, 'data', 'oss', 'bucket', 'name');
  const subjects = readConditions(pick(pattern, 'subject'), (text) => subjectKey(text).key);
  const keys = readConditions(object, (text) => text);
  const buckets =
    Array.isArray(named) && named.every((name) => typeof name === 'string')
      ? named.map(String)
      : bucketsOf(pick(pattern, 'subject'));
  return {
    trigger,
    keys: intersect([...subjects.required, ...keys.required], [...subjects.forbidden, ...keys.forbidden]),
    ...(buckets !== undefined && { buckets }),
  };
}

/** The pattern of an EventBridge rule as data, or undefined where it is not JSON. */
export function parsePattern(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function intersect(required: Dfa[], forbidden: Dfa[]): Dfa {
  return toDfa(product(required.length === 0 ? [toDfa(anything())] : required, forbidden) ?? anything());
}

/** One field's list of conditions, of which any has to fit (EventBridge help, "Event patterns"). */
function readConditions(
  list: unknown,
  keyOf: (text: string) => string | undefined,
): { required: Dfa[]; forbidden: Dfa[] } {
  if (!Array.isArray(list)) {
    return { required: [], forbidden: [] };
  }
  const [only] = list;
  const barred = pick(only, 'anything-but', 'prefix');
  if (list.length === 1 && typeof barred === 'string') {
    const key = keyOf(barred);
    return { required: [], forbidden: key === undefined ? [] : [toDfa(beginning(key))] };
  }
  const languages = list.map((condition: unknown) => {
    const [exact, prefix, suffix, part] = [
      condition,
      pick(condition, 'prefix'),
      pick(condition, 'suffix'),
      pick(condition, 'contains'),
    ];
    if (typeof exact === 'string') {
      return literal(keyOf(exact) ?? exact);
    }
    if (typeof prefix === 'string') {
      return beginning(keyOf(prefix) ?? '');
    }
    if (typeof suffix === 'string') {
      return ending(suffix);
    }
    return typeof part === 'string' ? containing(part) : anything();
  });
  return { required: [toDfa(union(languages))], forbidden: [] };
}

/** `acs:oss:<region>:<account>:<bucket>/<key>`, each part perhaps a variable; a prefix may end anywhere in it. */
function subjectKey(text: string): { bucket?: string; key?: string } {
  const [, bucket, key] =
    /^acs:oss:(?:(?:\$\{[^}]*\}|[^:$])+:){2}((?:\$\{[^}]*\}|[^/$])+)\/(.*)$/s.exec(text) ?? [];
  const [plainBucket, plainKey] = [known(bucket), known(key)];
  return {
    ...(plainBucket !== undefined && { bucket: plainBucket }),
    ...(plainKey !== undefined && { key: plainKey }),
  };
}

function bucketsOf(subject: unknown): string[] | undefined {
  if (!Array.isArray(subject) || subject.length === 0) {
    return undefined;
  }
  const buckets = subject.map(
    (condition: unknown) => subjectKey(String(pick(condition, 'prefix') ?? '')).bucket,
  );
  return buckets.every((bucket) => bucket !== undefined) ? buckets : undefined;
}
