import type { DFA } from 'refa';
import type { SourceRule } from '../compile/compile.ts';
import type { ParsedOutput } from '../compile/schema.ts';
import { variantsOf } from '../compile/variants.ts';
import { firstIndex } from '../first-index.ts';
import { valuesOf } from '../pipeline/plan.ts';
import type { OssObject } from '../process.ts';
import { type KeyTable, stateAfter } from '../rules/key-table.ts';
import { keyVariables, type Part, render, type VariableValues, variablesOf } from '../rules/template.ts';
import type { Path } from './diagnostic.ts';

/** The name given to a bucket that no rule names. */
export const anyBucket = 'any-bucket';

/** How the keys of objects begin and end, at a rough look. An empty list means any bucket. */
interface ObjectFilter {
  buckets: readonly string[];
  prefix?: string | undefined;
  suffix?: string | undefined;
}

type KeyFilter = Omit<ObjectFilter, 'buckets'>;

/** Whether some key may match both filters. */
export function filtersOverlap(a: KeyFilter, b: KeyFilter): boolean {
  const { prefix = '', suffix = '' } = a;
  const { prefix: start = '', suffix: end = '' } = b;
  return (
    (prefix.startsWith(start) || start.startsWith(prefix)) && (suffix.endsWith(end) || end.endsWith(suffix))
  );
}

/** Whether some object may be in both. */
export function mayMeet(a: ObjectFilter, b: ObjectFilter): boolean {
  return bucketsMeet(a.buckets, b.buckets) && filtersOverlap(a, b);
}

/** One output of one rule, with the buckets that it may save to, and how all its keys begin and end. */
export interface Writer extends ObjectFilter {
  rule: SourceRule;
  output: ParsedOutput;
  /** The index of the output in its rule. */
  index: number;
  prefix: string;
  /** The keys of the variants, grouped by their beginning. */
  shapes: readonly KeyShape[];
  suffix: string;
}

/** How some keys of an output begin, and what may follow: text, `anyText` and `anyName`. */
interface KeyShape {
  prefix: string;
  rests: readonly string[];
  /** Identifies the rests. */
  name: string;
}

/** Stand for any value of a variable, with slashes or without. */
const anyText = '\u0001';
const anyName = '\0';
const wildcards: VariableValues = {
  ...Object.fromEntries([...keyVariables, 'index', 'b64'].map((name) => [name, anyName])),
  key: anyText,
  dir: anyText,
};

/** The values of a rule's template variables for some upload of an object. */
export function sampleValues({ compiled }: SourceRule, source: OssObject): VariableValues {
  const event = { ...source, eventName: 'Manual', eTag: '0', eventTime: '2026-01-01T00:00:00Z' };
  return { index: '1', ...valuesOf(compiled, event) };
}

export function pathTo({ rule, index }: Pick<Writer, 'rule' | 'index'>, ...fields: string[]): Path {
  return ['rules', rule.index, 'outputs', index, ...fields];
}

/** Lists all outputs of all rules, with what is known of the keys that they write. */
export function writersOf(rules: readonly SourceRule[]): Writer[] {
  return rules.flatMap((rule) =>
    rule.outputs.map((output, index) => {
      const { bucket, key } = output.target;
      const buckets = bucket === undefined ? rule.compiled.match.buckets : [bucket];
      const last = key.parts.at(-1);
      // An empty {dir} removes the slash that follows it.
      const suffix = last?.kind === 'text' ? last.text.replace(/^\//, '') : '';
      const keys = variantsOf(output.vary).map((variant) => splitByKnown(rule, output, variant));
      const shapes = [...groupBy(keys, ([start]) => start)].map(([start, some]): KeyShape => {
        const rests = some.map(([, rest]) => rest);
        return { prefix: start, rests, name: JSON.stringify(rests) };
      });
      const prefix = shapes.map((shape) => shape.prefix).reduce(commonStart);
      return { rule, output, index, buckets, prefix, shapes, suffix };
    }),
  );
}

/** Splits a variant's key into what all its keys begin with and what may follow, with wildcards. */
function splitByKnown({ name, compiled }: SourceRule, { target }: ParsedOutput, variant: VariableValues) {
  const { keys } = compiled.match;
  const folder = keys.prefix.slice(0, keys.prefix.lastIndexOf('/') + 1);
  const dir = folder.slice(0, -1);
  const values = isFlat(keys) ? { ...variant, rule: name, dir } : { ...variant, rule: name };
  const isOpen = (part: Part) =>
    variablesOf([part]).some((variable) => !Object.hasOwn(values, variable.name));
  const parts = target.key.parts.map((part): Part => {
    const isEncoded = part.kind === 'b64' && isOpen(part);
    return isEncoded ? { kind: 'variable', name: 'b64', offset: part.offset } : part;
  });
  const open = parts.findIndex(isOpen);
  const count = open < 0 ? parts.length : open;
  const [next, following] = parts.slice(count);
  const isSlashed = following?.kind === 'text' && following.text.startsWith('/');
  const starts: VariableValues = { key: keys.prefix, dir: isSlashed ? folder : dir };
  const start = next?.kind === 'variable' ? render([next], starts) : '';
  const rest = render(parts.slice(count), { ...wildcards, ...values });
  return [render(parts.slice(0, count), values) + start, rest] as const;
}

/** Whether no key has a slash after the prefix that all keys have in common. */
function isFlat({ ranges, classes, classCount, next, accepts }: KeyTable): boolean {
  const slash = classes[ranges.findLastIndex((first) => first <= 0x2f)] ?? 0;
  return accepts.every((_, state) => (next[state * classCount + slash] ?? -1) < 0);
}

/** The characters that both texts begin with. It never splits a character of two UTF-16 units. */
export function commonStart(a: string, b: string): string {
  const characters = [...a];
  const others = [...b];
  const length = characters.findIndex((character, i) => character !== others[i]);
  return length < 0 ? a : characters.slice(0, length).join('');
}

/** Whether two lists of buckets have one in common. An empty list means any bucket. */
export function bucketsMeet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === 0 || b.length === 0 || a.some((bucket) => b.includes(bucket));
}

/** The buckets whose objects rules take: those that a rule names, or else those it is deployed for. */
export function sourceBuckets(rules: readonly SourceRule[], deployed: readonly string[]): string[] {
  return [...new Set(rules.flatMap(({ match }) => match.bucket ?? deployed))];
}

/** An output that may save what a rule takes. */
export interface Edge {
  writer: Writer;
  taker: SourceRule;
}

/** At most this many pairs of an output and a rule are compared; a million takes about a second. */
const maxPairs = 2_000_000;

/** At most this many shapes are tried to rule out pairs. One walk of an automaton counts as twenty. */
const maxEffort = 5_000_000;
const effortOfWalk = 20;

/**
 * Finds all edges that buckets and the shape of keys do not rule out, fast enough for thousands of rules.
 * Undefined if there are too many to compare.
 */
export function findEdges(rules: readonly SourceRule[], writers: readonly Writer[]): Edge[] | undefined {
  const near = indexByPrefix(rules, ({ compiled }) => compiled.match.keys.prefix);
  const takers = writers.map(({ prefix }) => near(prefix));
  if (takers.reduce((pairs, { length }) => pairs + length, 0) > maxPairs) {
    return undefined;
  }
  const known = new Map<string, boolean>();
  let effort = 0;
  const mayFit = ({ index, keys, compiled }: SourceRule, { prefix, rests, name }: KeyShape) => {
    const table = compiled.match.keys;
    effort += 1;
    if (effort > maxEffort || !holdsPrefix(table, prefix) || /^[/\\]/.test(prefix)) {
      // The keys of sources never begin with a slash.
      return effort > maxEffort;
    }
    // Nor do they end with one, so the answer depends on the state and on whether `prefix` does.
    const beyond = prefix.length - table.prefix.length;
    const place = beyond > 0 ? stateAfter(table, prefix) : beyond - 1;
    const question = `${index} ${place} ${prefix.endsWith('/')} ${name}`;
    const answer = known.get(question) ?? rests.some((rest) => hasShape(keys, prefix + rest));
    effort += known.has(question) ? 0 : rests.length * effortOfWalk;
    known.set(question, answer);
    return answer;
  };
  return writers.flatMap((writer, i) =>
    (takers[i] ?? [])
      .filter(({ compiled }) => {
        const { buckets, keys } = compiled.match;
        return mayMeet(writer, { buckets, suffix: keys.suffix }) && holdsPrefix(keys, writer.prefix);
      })
      .filter((taker) => writer.shapes.some((shape) => mayFit(taker, shape)))
      .map((taker) => ({ writer, taker })),
  );
}

/** Whether the language contains a key that begins with `text`. */
export function holdsPrefix(table: KeyTable, text: string): boolean {
  return table.prefix.startsWith(text) || (text.startsWith(table.prefix) && stateAfter(table, text) >= 0);
}

/** Whether the language contains a key of this shape, whatever its wildcards stand for. */
function hasShape({ initial, finals }: DFA, shape: string): boolean {
  let states = new Set([initial]);
  let beforeDir: readonly DFA.Node[] = [];
  for (const character of shape) {
    if (character === anyText || character === anyName) {
      beforeDir = character === anyText ? [...states] : [];
      addAllBehind(states, character === anyText);
    } else {
      const code = character.codePointAt(0) ?? 0;
      const next = [...states].flatMap(({ out }) => out.get(code) ?? []);
      // An empty {dir} removes the slash that follows it.
      states = new Set(character === '/' ? [...next, ...beforeDir] : next);
      beforeDir = [];
    }
  }
  return [...states].some((state) => finals.has(state));
}

/** Adds the states that any further text leads to; slashes count only across folders. */
function addAllBehind(states: Set<DFA.Node>, isAcrossFolders: boolean): void {
  // The set grows while it is walked.
  for (const { out } of states) {
    for (const [{ min, max }, next] of out) {
      if (isAcrossFolders || min !== 0x2f || max !== 0x2f) {
        states.add(next);
      }
    }
  }
}

/** Indexes items, to find those whose prefix begins with a text, or with which that text begins. */
export function indexByPrefix<T>(items: readonly T[], prefixOf: (item: T) => string): (text: string) => T[] {
  const byPrefix = groupBy(items, prefixOf);
  const sorted = [...byPrefix.keys()].sort();
  return (text) => {
    // The shorter prefixes, by UTF-16 units, of which the text may have more than characters.
    const found = Array.from({ length: text.length }, (_, length) => text.slice(0, length));
    for (let i = firstIndex(sorted, (prefix) => prefix >= text); sorted[i]?.startsWith(text); i += 1) {
      found.push(sorted[i] ?? '');
    }
    return found.flatMap((prefix) => byPrefix.get(prefix) ?? []);
  };
}

/** Groups items by a key (Map.groupBy, which Node.js 20 lacks). */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    group.push(item);
    groups.set(keyOf(item), group);
  }
  return groups;
}
