import { DFA } from 'refa';
import { type Budget, createBudget, within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import type { OutputSource } from '../compile/schema.ts';
import type { Rule } from '../rules/rule-set.ts';
import { splitKey, variablesOf } from '../rules/template.ts';
import { anyBucket, isSame, type ObjectName, targetsOf } from './chains.ts';
import { bucketsMeet, indexByPrefix, type Writer } from './graph.ts';
import {
  exampleKey,
  intersect,
  literalPattern,
  oneOf,
  regular,
  splitKeys,
  takenKeys,
  without,
  writtenKeys,
} from './language.ts';

/**
 * Two outputs that save under one key, `second` being `first` where one output does for two objects. `sources` are one
 * object whose two results meet, or two objects; none where only the key is known.
 */
export interface Collision {
  first: Writer;
  second: Writer;
  sources: ObjectName[];
  target: ObjectName;
}

/** Pairs compared as languages, and collisions told of: one mistake tends to repeat itself over all rules. */
const maxPairs = 500;
const maxFound = 20;

/** States for one pair, and for all of them; where they do not suffice, nothing is told. */
const maxStates = 20_000;
const maxStatesOfAll = 500_000;

interface Rules {
  source: readonly SourceRule[];
  rules: readonly Rule[];
}

/** Finds outputs that overwrite each other. Every collision given is a real one; some may go unseen. */
export function findCollisions(
  source: readonly SourceRule[],
  rules: readonly Rule[],
  writers: readonly Writer[],
): Collision[] {
  const found: Collision[] = [];
  const whole = createBudget(maxStatesOfAll);
  for (const [first, second] of pairsOf(writers)) {
    const collide = first === second ? collideWithItself : collideWithOther;
    const collision = within(createBudget(maxStates, whole), (budget) =>
      collide({ source, rules }, first, second, budget),
    );
    if (collision !== undefined && found.push(collision) >= maxFound) {
      break;
    }
  }
  return found;
}

/** The pairs whose keys may meet, each output with itself first. */
function pairsOf(writers: readonly Writer[]): [Writer, Writer][] {
  const near = indexByPrefix(writers.map(({ prefix }) => prefix));
  const pairs = writers.slice(0, maxPairs).map((writer): [Writer, Writer] => [writer, writer]);
  for (const [i, first] of writers.entries()) {
    for (const j of near(first.prefix)) {
      const second = writers[j];
      if (second !== undefined && j > i && mayMeet(first, second)) {
        pairs.push([first, second]);
      }
    }
    if (pairs.length > 2 * maxPairs) {
      break;
    }
  }
  return pairs.slice(0, 2 * maxPairs);
}

function mayMeet(a: Writer, b: Writer): boolean {
  return bucketsMeet(a.buckets, b.buckets) && (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix));
}

function collideWithOther({ source, rules }: Rules, first: Writer, second: Writer, budget: Budget) {
  const [a, b] = [source[first.rule], source[second.rule]];
  if (a === undefined || b === undefined) {
    return undefined;
  }
  const [takenByA, takenByB] = [takenKeys(a, budget), takenKeys(b, budget)];
  const key = exampleKey(intersect(takenByA, takenByB, budget), budget);
  const bucket = commonBucket(a.match.bucket ?? [], b.match.bucket ?? []);
  if (key !== undefined && bucket !== undefined) {
    const object = { bucket, key };
    const others = targetsOf(rules[second.rule], second.output, object);
    const target = targetsOf(rules[first.rule], first.output, object).find((one) =>
      others.some((other) => isSame(one, other)),
    );
    if (target !== undefined) {
      return { first, second, sources: [object], target };
    }
  }
  const [written, others] = [
    { rule: a, output: a.outputs[first.output], taken: takenByA },
    { rule: b, output: b.outputs[second.output], taken: takenByB },
  ].flatMap(({ rule, output, taken }) =>
    output && isExact(output) ? [writtenKeys(splitKeys(taken, budget), { rule, output }, budget)] : [],
  );
  const shared = written && others && exampleKey(intersect(written, others, budget), budget);
  const where = commonBucket(first.buckets, second.buckets);
  return shared !== undefined && where !== undefined
    ? { first, second, sources: [], target: { bucket: where, key: shared } }
    : undefined;
}

/** A bucket that both lists have, where empty means any. */
function commonBucket(a: readonly string[], b: readonly string[]): string | undefined {
  const [fewer, more] = a.length === 0 ? [b, a] : [a, b];
  return fewer.length === 0 ? anyBucket : fewer.find((bucket) => bucketsMeet(more, [bucket]));
}

/** Whether the language of the output is just what it writes: no part of the source key stands twice in it, or encoded. */
function isExact({ target }: OutputSource): boolean {
  const parts: Record<string, string[]> = { key: ['dir', 'name', 'ext'], base: ['name', 'ext'] };
  const used = variablesOf(target.key.parts);
  const all = used.flatMap(({ name }) => parts[name] ?? [name]);
  return new Set(all).size === all.length && !used.some(({ name, inB64 }) => inB64 || name === 'bucket');
}

/** Two objects that differ only in what the key of the target leaves out: the extension, the folder or the name. */
function collideWithItself({ source, rules }: Rules, writer: Writer, _: Writer, budget: Budget) {
  const rule = source[writer.rule];
  const parts = rule?.outputs[writer.output]?.target.key.parts ?? [];
  const used = variablesOf(parts).map(({ name }) => name);
  const taken = rule && takenKeys(rule, budget);
  const key = taken && exampleKey(taken, budget);
  if (taken === undefined || key === undefined || used.includes('key') || used.includes('etag')) {
    return undefined;
  }
  const bucket = rule?.match.bucket?.[0] ?? anyBucket;
  const [target] = targetsOf(rules[writer.rule], writer.output, { bucket, key });
  const rest = without(taken, DFA.fromFA(oneOf([key], budget), budget.dfa), budget);
  for (const pattern of patternsLike(key, used)) {
    const other = exampleKey(intersect(rest, regular(pattern, budget), budget), budget);
    const [also] = targetsOf(rules[writer.rule], writer.output, { bucket, key: other ?? key });
    if (other !== undefined && target !== undefined && also?.key === target.key) {
      const sources = [key, other].map((text) => ({ bucket, key: text }));
      return { first: writer, second: writer, sources, target };
    }
  }
  return undefined;
}

/** Regular expressions of the keys that differ from `key` only in a part that no used variable holds. */
function patternsLike(key: string, used: readonly string[]): string[] {
  const { dir, name, ext } = splitKey(key);
  const parts = [dir === '' ? '' : `${dir}/`, name, ext === '' ? '' : `.${ext}`];
  const anyPart = ['(?:[^]+/)?', '[^/]+', '(?:\\.[^./]*)?'];
  const holders = [['dir'], ['name', 'base'], ['ext', 'base']];
  return holders.flatMap((variables, i) => {
    const isHeld = variables.some((variable) => used.includes(variable));
    const pattern = parts.map((part, j) => (i === j ? anyPart[j] : literalPattern(part)));
    return isHeld ? [] : [pattern.join('')];
  });
}
