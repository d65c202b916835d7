import { variablesOf } from '../../rules/template.ts';
import { affixesMeet, globAffixes } from './affixes.ts';
import { accepts } from './automaton.ts';
import { anyBucket } from './loops.ts';
import { bucketsMeet, createLanguages, type Languages, type Writer, writersOf } from './reach.ts';
import type { RuleSet } from './rule.ts';
import { findSources, findWord, type Source } from './sources.ts';
import type { PlanTargets } from './witness.ts';

/** Two outputs that are saved under one key; `second` is the same as `first` where two sources of one output are. */
export interface Collision {
  first: Writer;
  second: Writer;
  sources: readonly [Source, Source];
  target: { bucket: string; key: string };
}

/** Pairs looked at with automata, and collisions reported: one mistake tends to repeat itself over all rules. */
const maxPairs = 500;
const maxReported = 20;

/**
 * Finds outputs that overwrite each other, each with sources that show it: one object whose two results have one key,
 * or two objects. Every collision given is a real one; among rules of many variables some may go unseen.
 */
export function findCollisions(ruleSet: RuleSet, planTargets: PlanTargets): Collision[] {
  const languages = createLanguages();
  const writers = writersOf(ruleSet);
  const found: Collision[] = [];
  let pairs = 0;
  for (const [i, first] of writers.entries()) {
    if (found.length >= maxReported) {
      break;
    }
    const own = collideWithItself(first, languages, planTargets);
    if (own !== undefined) {
      found.push(own);
    }
    for (const second of writers.slice(i + 1)) {
      if (!bucketsMeet(first.buckets, second.buckets) || !affixesMeet(first.affixes, second.affixes)) {
        continue;
      }
      pairs += 1;
      if (pairs > maxPairs || found.length >= maxReported) {
        return found;
      }
      const collision = collide(first, second, languages, planTargets);
      if (collision !== undefined) {
        found.push(collision);
      }
    }
  }
  return found;
}

function collide(first: Writer, second: Writer, languages: Languages, planTargets: PlanTargets) {
  const [a, b] = [languages.taken(first.rule.match)?.dfa, languages.taken(second.rule.match)?.dfa];
  if (a === undefined || b === undefined) {
    return undefined;
  }
  const one = findWord([a, b], []);
  const bucket =
    first.buckets.find((name) => bucketsMeet(second.buckets, [name])) ?? second.buckets[0] ?? anyBucket;
  const [from, also] = [sourceBucket(first, bucket), sourceBucket(second, bucket)];
  const writes = (writer: Writer, source: Source, key: string) =>
    planTargets({ ...writer.rule, outputs: [writer.output] }, source).some(
      (made) => made.bucket === bucket && made.key === key,
    );
  if (one !== undefined && from === also) {
    const source = { bucket: from, key: one };
    const made = planTargets({ ...first.rule, outputs: [first.output] }, source).find(({ key }) =>
      writes(second, source, key),
    );
    if (made !== undefined) {
      return { first, second, sources: [source, source] as const, target: made };
    }
  }
  const key = findWord([languages.written(first), languages.written(second)], []);
  if (key === undefined) {
    return undefined;
  }
  const [left] = findSources({ ...first, bucket: from }, key, a);
  const [right] = findSources({ ...second, bucket: also }, key, b);
  if (!left || !right || !writes(first, left, key) || !writes(second, right, key)) {
    return undefined;
  }
  return { first, second, sources: [left, right] as const, target: { bucket, key } };
}

function sourceBucket({ rule, output }: Writer, target: string): string {
  return output.target.bucket === undefined ? target : (rule.match.bucket[0] ?? anyBucket);
}

/** Two sources that differ only in what the key of the target leaves out: the extension, or the folder. */
function collideWithItself(
  writer: Writer,
  languages: Languages,
  planTargets: PlanTargets,
): Collision | undefined {
  const { rule, output } = writer;
  const used = new Set(variablesOf(output.target.key.parts).map(({ name }) => name));
  if (used.has('key') || used.has('etag')) {
    return undefined;
  }
  const endings =
    used.has('ext') || used.has('base') ? [] : rule.match.key.flatMap((glob) => globAffixes(glob).suffixes);
  const folders = used.has('dir') ? [] : rule.match.key.filter(({ text }) => text.includes('*'));
  if (endings.length < 2 && folders.length === 0) {
    return undefined;
  }
  const keys = languages.taken(rule.match)?.dfa;
  const key = keys && findWord([keys], []);
  if (keys === undefined || key === undefined) {
    return undefined;
  }
  const ending = endings.find((text) => text !== '' && key.endsWith(text)) ?? '';
  const slash = key.lastIndexOf('/') + 1;
  const others = [
    ...(ending === '' ? [] : endings.map((text) => key.slice(0, -ending.length) + text)),
    ...folders.flatMap(() => [`${key.slice(0, slash)}b/${key.slice(slash)}`, `b/${key}`]),
  ];
  const bucket = rule.match.bucket[0] ?? anyBucket;
  const alone = { ...rule, outputs: [output] };
  const [target] = planTargets(alone, { bucket, key });
  const other = others.find(
    (text) =>
      text !== key &&
      accepts(keys, text) &&
      planTargets(alone, { bucket, key: text }).some((made) => made.key === target?.key),
  );
  if (other === undefined || target === undefined) {
    return undefined;
  }
  return {
    first: writer,
    second: writer,
    sources: [
      { bucket, key },
      { bucket, key: other },
    ],
    target,
  };
}
