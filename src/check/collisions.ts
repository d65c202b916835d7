import { type Budget, createBudget, within } from '../compile/budget.ts';
import { variantsOf } from '../compile/variants.ts';
import type { OssObject } from '../process.ts';
import { coversType } from '../rules/match.ts';
import type { Match } from '../rules/rule-set.ts';
import { render, splitKey, variablesOf } from '../rules/template.ts';
import { type Diagnostic, maxReported } from './diagnostic.ts';
import { anyBucket, bucketsMeet, indexByPrefix, mayMeet, sampleValues, type Writer } from './graph.ts';
import { commonKey, exampleKey, keysOf, literalPattern, regular, without } from './language.ts';
import { atTarget, nameObject, nameOutput } from './messages.ts';

/** At most this many pairs are compared. */
const maxPairs = 1_000;

/** States for one pair, and for all of them. If they do not suffice, nothing is reported. */
const maxStates = 20_000;
const maxStatesOfAll = 500_000;

/** Finds outputs that overwrite each other. Each reported collision is real; some may be missed. */
export function findCollisions(writers: readonly Writer[]): Diagnostic[] {
  const found: Diagnostic[] = [];
  const whole = createBudget(maxStatesOfAll);
  for (const [first, second] of pairsOf(writers)) {
    const collide = (budget: Budget) =>
      first === second
        ? describeSharedTarget(first, budget)
        : (collideForOne(first, second, budget) ?? collideForTwo(first, second, budget));
    const collision = found.length < maxReported ? within(maxStates, collide, whole) : undefined;
    if (collision !== undefined) {
      found.push(collision);
    }
  }
  return found;
}

function describeSharedTarget(writer: Writer, budget: Budget): Diagnostic | undefined {
  const { sources = [], target } = collideWithItself(writer, budget) ?? {};
  if (target === undefined) {
    return undefined;
  }
  const names = sources.map(nameObject).join(' and ');
  const message = `${names} both become ${nameObject(target)}: the later one stays`;
  const hint = '{key}, or {dir}, {name} and {ext}, keep them apart.';
  // Leaving out some parts may be intended; saving all uploads as one object never is.
  const tells = partsIn(writer).some((part) => ['dir', 'name', 'ext', 'etag'].includes(part));
  return atTarget(writer, tells ? 'note' : 'warning', 'shared-target', message, hint);
}

/** The pairs whose keys may be the same. Each output is first paired with itself. */
function pairsOf(writers: readonly Writer[]): [Writer, Writer][] {
  const pairs = writers.slice(0, maxPairs / 2).map((writer): [Writer, Writer] => [writer, writer]);
  const near = indexByPrefix([...writers.entries()], ([, { prefix }]) => prefix);
  for (const [i, first] of writers.entries()) {
    const later = near(first.prefix).filter(
      ([j, second]) => j > i && mayMeet(first, second) && !divideObjects(first, second),
    );
    pairs.push(...later.map(([, second]): [Writer, Writer] => [first, second]));
    if (pairs.length > maxPairs) {
      break;
    }
  }
  return pairs.slice(0, maxPairs);
}

/** Whether two outputs share a target on purpose: their rules take different sizes or types. */
function divideObjects({ rule, output }: Writer, other: Writer): boolean {
  const [one, two] = [rule.compiled.match, other.rule.compiled.match];
  const areSizesApart = (a: Match, b: Match) => (a.maxBytes ?? Infinity) < (b.minBytes ?? 0);
  const sharedTypes = one.contentTypes.some((type) =>
    two.contentTypes.some((another) => coversType(type, another) || coversType(another, type)),
  );
  const areTypesApart = one.contentTypes.length > 0 && two.contentTypes.length > 0 && !sharedTypes;
  const isApart = areTypesApart || areSizesApart(one, two) || areSizesApart(two, one);
  return isApart && output.target.key.text === other.output.target.key.text;
}

/** Finds one object that both rules take, and that both outputs save under the same key. */
function collideForOne(first: Writer, second: Writer, budget: Budget): Diagnostic | undefined {
  const key = commonKey(first.rule.keys, second.rule.keys, budget);
  const bucket = commonBucket(first.rule.compiled.match.buckets, second.rule.compiled.match.buckets);
  if (key === undefined || bucket === undefined) {
    return undefined;
  }
  const source = { bucket, key };
  const others = targetObjects(second, source);
  const target = targetObjects(first, source).find((one) => others.some((other) => isSame(one, other)));
  if (target === undefined) {
    return undefined;
  }
  const once = `${nameObject(source)} is saved as ${nameObject(target)}`;
  return atTarget(second, 'error', 'collision', `${once}, and by ${nameOutput(first)} as well`);
}

const isSame = (a: OssObject, b: OssObject) => a.bucket === b.bucket && a.key === b.key;

/** The objects that an output makes of a source, one for each variant. */
export function targetObjects({ rule, output }: Writer, source: OssObject): OssObject[] {
  const values = sampleValues(rule, source);
  const { bucket = source.bucket, key } = output.target;
  return variantsOf(output.vary).map((variant) => ({
    bucket,
    key: render(key.parts, { ...values, ...variant }),
  }));
}

/** Finds a key under which the two outputs save different sources. */
function collideForTwo(first: Writer, second: Writer, budget: Budget): Diagnostic | undefined {
  const bucket = commonBucket(first.buckets, second.buckets);
  if (bucket === undefined || !isExact(first) || !isExact(second)) {
    return undefined;
  }
  const key = commonKey(keysOf(first, budget), keysOf(second, budget), budget);
  if (key === undefined) {
    return undefined;
  }
  const example = `${nameObject({ bucket, key })}: the later one stays`;
  const message = `saves some objects as ${nameOutput(first)} saves others, such as ${example}`;
  return atTarget(second, 'warning', 'collision', message);
}

/** A bucket in both lists, where an empty list means any bucket. */
function commonBucket(a: readonly string[], b: readonly string[]): string | undefined {
  const [fewer, more] = a.length === 0 ? [b, a] : [a, b];
  return fewer.length === 0 ? anyBucket : fewer.find((bucket) => bucketsMeet(more, [bucket]));
}

const partsOfVariable: Partial<Record<string, string[]>> = {
  key: ['dir', 'name', 'ext'],
  base: ['name', 'ext'],
};

/** The parts of a source key that variables stand for; other variables stand for themselves. */
export function partsOf(variables: readonly { name: string }[]): string[] {
  return variables.flatMap(({ name }) => partsOfVariable[name] ?? name);
}

/** The same for the target key of an output. */
export const partsIn = ({ output }: Writer) => partsOf(variablesOf(output.target.key.parts));

/** Whether the language of an output is exactly what it writes: no part of the key recurs or is encoded. */
function isExact(writer: Writer): boolean {
  const parts = partsIn(writer);
  const { key } = writer.output.target;
  return new Set(parts).size === parts.length && !/\{(bucket\}|b64:)/.test(key.text);
}

/** Finds two objects that differ only in parts that the target key leaves out: extension, folder or name. */
export function collideWithItself(
  writer: Writer,
  budget: Budget,
): { sources: OssObject[]; target: OssObject } | undefined {
  const { keys, compiled } = writer.rule;
  const parts = partsIn(writer);
  const isWhole = ['dir', 'name', 'ext'].every((part) => parts.includes(part));
  const key = isWhole ? undefined : exampleKey(keys, budget);
  if (key === undefined) {
    return undefined;
  }
  const rest = without(keys, regular(literalPattern(key), budget), budget);
  const other = commonKey(rest, regular(patternLike(key, parts), budget), budget);
  const [bucket = anyBucket] = compiled.match.buckets;
  const sources = [key, other ?? key].map((text) => ({ bucket, key: text }));
  const [target, twin] = sources.map((source) => targetObjects(writer, source)[0]);
  return other !== undefined && target && target.key === twin?.key ? { sources, target } : undefined;
}

/** A regular expression for keys that equal `key` in these parts; the other parts may be anything. */
function patternLike(key: string, parts: readonly string[]): string {
  const { dir, name, ext } = splitKey(key);
  const folder = dir === '' ? '' : `${literalPattern(dir)}/`;
  const ending = ext === '' ? '' : `\\.${literalPattern(ext)}`;
  return [
    parts.includes('dir') ? folder : '(?:[^]+/)?',
    parts.includes('name') ? literalPattern(name) : '[^/]+',
    parts.includes('ext') ? ending : '(?:\\.[^./]+)?',
  ].join('');
}
