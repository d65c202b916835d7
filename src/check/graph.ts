import type { DFA } from 'refa';
import type { SourceRule } from '../compile/compile.ts';
import type { OutputSource } from '../compile/schema.ts';
import { holdsPrefix } from '../rules/key-table.ts';
import type { RuleSet } from '../rules/rule-set.ts';

/** One output of one rule, with what can be told of its keys at a glance. */
export interface Writer {
  rule: number;
  output: number;
  /** Where it may save; empty means any bucket. */
  buckets: readonly string[];
  /** What all its keys begin with and end with. */
  prefix: string;
  suffix: string;
}

export function writersOf(source: readonly SourceRule[], { rules }: RuleSet): Writer[] {
  return source.flatMap((rule, i) =>
    rule.outputs.map((output, j) => ({
      rule: i,
      output: j,
      buckets: output.target.bucket === undefined ? (rule.match.bucket ?? []) : [output.target.bucket],
      ...affixesOf(output, rules[i]?.match.keys.prefix ?? ''),
    })),
  );
}

function affixesOf({ target }: OutputSource, sourcePrefix: string): { prefix: string; suffix: string } {
  const { parts } = target.key;
  const first = parts.findIndex(({ kind }) => kind !== 'text');
  const texts = parts.slice(0, first < 0 ? parts.length : first);
  const variable = parts[first];
  const folder = sourcePrefix.slice(0, Math.max(0, sourcePrefix.lastIndexOf('/')));
  const behind = { key: sourcePrefix, dir: folder }[variable?.kind === 'variable' ? variable.name : ''] ?? '';
  const prefix = texts.map((part) => (part.kind === 'text' ? part.text : '')).join('') + behind;
  const last = parts.at(-1);
  // An empty {dir} takes the slash behind it along.
  const suffix = last?.kind === 'text' ? last.text.replace(/^\//, '') : '';
  return { prefix, suffix };
}

/** Whether two lists of buckets, where empty means any, have one in common. */
export function bucketsMeet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === 0 || b.length === 0 || a.some((bucket) => b.includes(bucket));
}

/** An output that may save what a rule takes. */
export interface Edge {
  writer: Writer;
  to: number;
}

/** Pairs of an output and a rule that are compared; a million takes about a second. */
const maxPairs = 2_000_000;

/** Pairs of a rule and an ending that are compared; beyond it any key may end in any way. */
const maxEndings = 100_000;

/**
 * All edges that cannot be ruled out by buckets and by how keys begin and end, for rules by the thousand; undefined where
 * there are too many to compare.
 */
export function findEdges(
  source: readonly SourceRule[],
  writers: readonly Writer[],
  { rules }: RuleSet,
): Edge[] | undefined {
  const near = indexByPrefix(rules.map(({ match }) => match.keys.prefix));
  const takers = writers.map(({ prefix }) => near(prefix));
  if (takers.reduce((pairs, { length }) => pairs + length, 0) > maxPairs) {
    return undefined;
  }
  const endings = new Map<string, boolean>();
  const mayEnd = (rule: number, suffix: string) => {
    const name = `${rule} ${suffix}`;
    const known = endings.get(name) ?? (endings.size >= maxEndings || endsWith(source[rule]?.keys, suffix));
    endings.set(name, known);
    return known;
  };
  return writers.flatMap((writer, i) =>
    (takers[i] ?? []).flatMap((to): Edge[] => {
      const match = rules[to]?.match;
      const isNear =
        match !== undefined &&
        bucketsMeet(writer.buckets, match.buckets) &&
        holdsPrefix(match.keys, writer.prefix) &&
        mayEnd(to, writer.suffix);
      return isNear ? [{ writer, to }] : [];
    }),
  );
}

/** Makes a function that finds all texts that begin with a given one, or with which it begins; by their indices. */
export function indexByPrefix(texts: readonly string[]): (prefix: string) => number[] {
  const indices = groupBy([...texts.keys()], (i) => texts[i] ?? '');
  const sorted = [...indices.keys()].sort();
  return (prefix) => {
    const found = Array.from(prefix, (_, length) => prefix.slice(0, length));
    for (let i = lowerBound(sorted, prefix); sorted[i]?.startsWith(prefix); i += 1) {
      found.push(sorted[i] ?? '');
    }
    return found.flatMap((text) => indices.get(text) ?? []);
  };
}

/** The index of the first text that is not before `text`. */
function lowerBound(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < text) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Whether some key of the language, or the end of one, is the text. */
function endsWith(keys: DFA | undefined, text: string): boolean {
  let states = new Set(keys?.nodes());
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    states = new Set([...states].flatMap(({ out }) => out.get(code) ?? []));
  }
  return [...states].some((state) => keys?.finals.has(state));
}

/** Groups of rules that all lead to each other (strongly connected components), and single rules that lead to themselves. */
export function findComponents(edges: readonly Edge[]): number[][] {
  const next = groupBy(edges, ({ writer }) => writer.rule);
  const previous = groupBy(edges, ({ to }) => to);
  const ahead = (rule: number) => (next.get(rule) ?? []).map(({ to }) => to);
  const back = (rule: number) => (previous.get(rule) ?? []).map(({ writer }) => writer.rule);
  // Kosaraju: in the reverse order of finishing, what leads to a rule and was not seen yet is its component.
  const seen = new Set<number>();
  const finished = [...next.keys()].flatMap((rule) => depthFirst(rule, ahead, seen));
  const grouped = new Set<number>();
  return finished
    .reverse()
    .map((rule) => depthFirst(rule, back, grouped).sort((a, b) => a - b))
    .filter(([rule = -1, ...others]) => others.length > 0 || ahead(rule).includes(rule));
}

/** The rules that are reached from one and were not seen yet, each behind all that were reached from it. */
function depthFirst(start: number, next: (rule: number) => number[], seen: Set<number>): number[] {
  const order: number[] = [];
  const path: { rule: number; rest: number[] }[] = [];
  const enter = (rule: number) => {
    if (!seen.has(rule)) {
      seen.add(rule);
      path.push({ rule, rest: next(rule) });
    }
  };
  enter(start);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const rule = top.rest.pop();
    if (rule === undefined) {
      order.push(top.rule);
      path.pop();
    } else {
      enter(rule);
    }
  }
  return order;
}

/** Items under what they have in common (Map.groupBy, which Node.js 20 lacks). */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) {
      groups.set(keyOf(item), [item]);
    } else {
      group.push(item);
    }
  }
  return groups;
}
