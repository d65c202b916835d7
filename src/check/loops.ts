import type { DFA } from 'refa';
import { type Budget, createBudget, within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import { keepsKey } from '../compile/outputs.ts';
import { anyBucket, type ChainStep, type Examples, followExamples } from './chains.ts';
import { type Edge, findComponents, groupBy } from './graph.ts';
import { exampleKey, intersect, sourceKeys, splitKeys, unite, writtenKeys } from './language.ts';

/**
 * Rules that lead back to themselves.
 * - `loop`: `steps` lead from an object back to the rule that took it.
 * - `own-source`: the last step saves onto the very object it was made from.
 * - `unproven`: a loop could not be ruled out; after many rounds `rules[0]` would still take `key`.
 * - `too-complex`: nothing could be told within the budget.
 */
export type Cycle =
  | { kind: 'loop' | 'own-source'; rules: readonly SourceRule[]; steps: ChainStep[] }
  | { kind: 'unproven'; rules: readonly SourceRule[]; key: string }
  | { kind: 'too-complex'; rules: readonly SourceRule[] };

/** One mistake tends to repeat itself over all rules. */
const maxCycles = 20;

/** States of automata in the whole proof, which take some seconds to build. */
const maxStates = 500_000;

/** A chain longer than there are rules has one of them twice; after some rounds more, a chain that only begins like a loop has ended. */
const spareRounds = 3;

/** So many examples are followed; more hardly ever show what these did not. */
const maxStarts = 24;

/** A rule in one bucket, and the keys with which chains can come to it there. */
interface Node {
  rule: SourceRule;
  bucket: string;
  keys: DFA;
}

/**
 * Finds the ways in which rules process their own results again and again. Sound: rules without a cycle have no endless
 * chain. The keys that chains can come to after one round, two rounds, … are followed as languages until none is left,
 * or until some rule has to come twice; so what would end only after many rounds is found as well.
 */
export function findCycles(edges: readonly Edge[]): Cycle[] {
  const cycles: Cycle[] = [];
  const budget = createBudget(maxStates);
  const groups = findComponents(edges);
  for (const group of groups) {
    const inner = among(new Set(group), edges);
    const cycle = within(budget, () => examine(group, inner, budget)) ?? tooComplex(group);
    if (cycle !== 'none' && cycles.push(cycle) >= maxCycles) {
      break;
    }
    if (cycle !== 'none') {
      // The others of the group may have a cycle of their own.
      const others = group.filter((rule) => !cycle.rules.includes(rule));
      groups.push(...findComponents(among(new Set(others), inner)));
    }
  }
  return cycles;
}

const tooComplex = (rules: SourceRule[]): Cycle => ({ kind: 'too-complex', rules });

function among(rules: ReadonlySet<SourceRule>, edges: readonly Edge[]): Edge[] {
  return edges.filter(({ writer, taker }) => rules.has(writer.rule) && rules.has(taker));
}

/** Examines rules that may all lead to each other. */
function examine(group: readonly SourceRule[], edges: readonly Edge[], budget: Budget): Cycle | 'none' {
  const nodes = nodesOf(group, budget);
  const follow = (starts: readonly Node[]): Examples => {
    const objects = starts.slice(0, maxStarts).flatMap(({ rule, bucket, keys }) => {
      const key = exampleKey(keys, budget);
      return key === undefined ? [] : [{ rule, object: { bucket, key } }];
    });
    return followExamples(edges, objects, nodes.length + spareRounds);
  };
  // A few examples first: where one of them comes back, nothing is left to prove.
  const first = follow(nodes);
  if (first.loop !== undefined) {
    return cycleOf('loop', first.loop);
  }
  const rounds = followLanguages(nodes, edges, budget);
  const [last = []] = rounds;
  if (last.length === 0) {
    return 'none';
  }
  const later = follow(rounds.flat());
  const own = first.own ?? later.own;
  if (later.loop !== undefined || own !== undefined) {
    return later.loop ? cycleOf('loop', later.loop) : cycleOf('own-source', own ?? []);
  }
  const [node] = last;
  const key = (node && exampleKey(node.keys, budget)) ?? '';
  return { kind: 'unproven', rules: [...new Set(last.map(({ rule }) => rule))], key };
}

function cycleOf(kind: 'loop' | 'own-source', steps: ChainStep[]): Cycle {
  return { kind, rules: [...new Set(steps.map(({ writer }) => writer.rule))], steps };
}

/** Lists each rule in each bucket that it takes objects of; a bucket that no rule names stands for all others. */
function nodesOf(group: readonly SourceRule[], budget: Budget): Node[] {
  const named = group.flatMap(({ match, outputs }) => [
    ...(match.bucket ?? []),
    ...outputs.flatMap(({ target }) => target.bucket ?? []),
  ]);
  const all = [...new Set([...named, anyBucket])];
  return group.flatMap((rule) => {
    const keys = sourceKeys(rule, budget);
    return (rule.match.bucket ?? all).map((bucket) => ({ rule, bucket, keys }));
  });
}

/** Follows what chains can come to, round by round, the last one first: until none is left, or for more rounds than rules were left. */
function followLanguages(start: readonly Node[], edges: readonly Edge[], budget: Budget): Node[][] {
  const rounds: Node[][] = [];
  let nodes = start;
  for (let left = start.length + spareRounds; left > 0 && nodes.length > 0; left -= 1) {
    const next = nextRound(start, nodes, edges, budget);
    left = next.length < nodes.length ? next.length + spareRounds : left;
    nodes = next;
    rounds.unshift(next);
  }
  return rounds;
}

/** Gives the keys that each rule takes of those that all rules write in one round. */
function nextRound(
  start: readonly Node[],
  given: readonly Node[],
  edges: readonly Edge[],
  budget: Budget,
): Node[] {
  const edgesByRule = groupBy(edges, ({ writer }) => writer.rule);
  const reached = new Map<Node, DFA[]>();
  for (const { rule, bucket: from, keys } of given) {
    const split = splitKeys(keys, budget);
    for (const [{ output }, targets] of groupBy(edgesByRule.get(rule) ?? [], ({ writer }) => writer)) {
      const { bucket = from } = output.target;
      if (keepsKey(output) && bucket === from) {
        continue; // The planner refuses to save an object onto itself.
      }
      const known = from === anyBucket ? undefined : from;
      const written = writtenKeys(split, { rule, output, bucket: known }, budget);
      const takers = new Set(targets.map(({ taker }) => taker));
      for (const node of start.filter((one) => one.bucket === bucket && takers.has(one.rule))) {
        const both = intersect(written, node.keys, budget);
        if (!both.isEmpty) {
          reached.set(node, [...(reached.get(node) ?? []), both]);
        }
      }
    }
  }
  return [...reached].map(([node, parts]) => ({ ...node, keys: unite(parts, budget) }));
}
