import type { DFA } from 'refa';
import { type Budget, createBudget, within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import { keepsKey } from '../compile/outputs.ts';
import type { Rule } from '../rules/rule-set.ts';
import { anyBucket, type Examples, followExamples, type Step } from './chains.ts';
import { type Edge, findComponents, groupBy } from './graph.ts';
import { exampleKey, intersect, splitKeys, takenKeys, unite, writtenKeys } from './language.ts';

/**
 * Rules that lead back to themselves, told by index.
 * - `loop`: `steps` lead from an object back to the rule that took it.
 * - `own-source`: the last step saves onto the very object it was made from.
 * - `unproven`: a loop could not be ruled out; after many rounds `rules[0]` would still take `key`.
 * - `too-complex`: nothing could be told within the budget.
 */
export type Cycle =
  | { kind: 'loop' | 'own-source'; rules: number[]; steps: Step[] }
  | { kind: 'unproven'; rules: number[]; key: string }
  | { kind: 'too-complex'; rules: number[] };

/** One mistake tends to repeat itself over all rules. */
const maxCycles = 20;

/** States of automata in the whole proof, which take some seconds to build. */
const maxStates = 500_000;

/** A chain longer than there are rules has one of them twice; some rounds more, and what only begins as a loop has ended. */
const spareRounds = 3;

/** More examples hardly ever show what these did not. */
const maxStarts = 24;

/** A rule in one bucket, and the keys with which chains can come to it there. */
interface Node {
  rule: number;
  bucket: string;
  keys: DFA;
}

interface Proof {
  source: readonly SourceRule[];
  rules: readonly Rule[];
  edges: readonly Edge[];
  budget: Budget;
}

/**
 * Finds the ways in which rules process their own results again and again. Sound: rules without a cycle have no endless
 * chain. What chains can reach after one round, two rounds, … is followed as languages until none is left, or until
 * some rule has to come twice; so what would end only after many rounds is found as well.
 */
export function findCycles(
  source: readonly SourceRule[],
  rules: readonly Rule[],
  edges: readonly Edge[],
): Cycle[] {
  const cycles: Cycle[] = [];
  const budget = createBudget(maxStates);
  const groups = findComponents(edges);
  for (const group of groups) {
    const members = new Set(group);
    const inner = edges.filter(({ writer, to }) => members.has(writer.rule) && members.has(to));
    const cycle = examine({ source, rules, edges: inner, budget }, group);
    if (cycle === undefined) {
      continue;
    }
    cycles.push(cycle);
    if (cycles.length >= maxCycles) {
      break;
    }
    // The others of the group may have a cycle of their own.
    const known = new Set(cycle.rules);
    groups.push(
      ...findComponents(inner.filter(({ writer, to }) => !known.has(writer.rule) && !known.has(to))),
    );
  }
  return cycles;
}

/** Examines rules that may all lead to each other. */
function examine(proof: Proof, group: readonly number[]): Cycle | undefined {
  const cycle = within(proof.budget, (): Cycle | 'none' => {
    const nodes = nodesOf(proof, group);
    const minSteps = nodes.length + spareRounds;
    const follow = (starts: readonly Node[]): Examples => {
      const objects = starts.flatMap(({ rule, bucket, keys }) => {
        const key = exampleKey(keys, proof.budget);
        return key === undefined ? [] : [{ rule, bucket, key }];
      });
      return followExamples({ ...proof, minSteps }, objects);
    };
    // A few examples first: where one of them comes back, nothing is left to prove.
    const first = follow(nodes.slice(0, maxStarts));
    if (first.loop !== undefined) {
      return cycleOf('loop', first.loop);
    }
    const rounds = followLanguages(proof, nodes);
    const last = rounds.at(-1) ?? [];
    if (last.length === 0) {
      return 'none';
    }
    const later = follow(rounds.reverse().flat().slice(0, maxStarts));
    if (later.loop !== undefined) {
      return cycleOf('loop', later.loop);
    }
    const own = first.own ?? later.own;
    if (own !== undefined) {
      return cycleOf('own-source', own);
    }
    const [node] = last;
    const rest = last.map(({ rule }) => rule);
    return {
      kind: 'unproven',
      rules: [...new Set(rest)],
      key: (node && exampleKey(node.keys, proof.budget)) ?? '',
    };
  });
  if (cycle === undefined) {
    return { kind: 'too-complex', rules: [...group] };
  }
  return cycle === 'none' ? undefined : cycle;
}

function cycleOf(kind: 'loop' | 'own-source', steps: Step[]): Cycle {
  return { kind, rules: [...new Set(steps.map(({ rule }) => rule))], steps };
}

/** Each rule in each bucket that it takes objects of; what no rule names stands for all others. */
function nodesOf({ source, budget }: Proof, group: readonly number[]): Node[] {
  const rules = group.flatMap((rule) => source.slice(rule, rule + 1));
  const named = rules.flatMap(({ match, outputs }) => [
    ...(match.bucket ?? []),
    ...outputs.flatMap(({ target }) => target.bucket ?? []),
  ]);
  const all = [...new Set([...named, anyBucket])];
  return rules.flatMap((rule, i) => {
    const keys = takenKeys(rule, budget);
    return (rule.match.bucket ?? all).map((bucket) => ({ rule: group[i] ?? -1, bucket, keys }));
  });
}

/** What chains can reach after each round: until none is left, or for more rounds than rules have been left. */
function followLanguages(proof: Proof, start: readonly Node[]): Node[][] {
  const rounds: Node[][] = [];
  let nodes = start;
  for (let left = start.length + spareRounds; left > 0 && nodes.length > 0; left -= 1) {
    const next = nextRound(proof, start, nodes);
    if (next.length < nodes.length) {
      left = next.length + spareRounds;
    }
    nodes = next;
    rounds.push(next);
  }
  return rounds;
}

/** What each rule takes of that which all write of what they are given. */
function nextRound(proof: Proof, start: readonly Node[], given: readonly Node[]): Node[] {
  const reached = new Map<Node, DFA[]>();
  for (const node of given) {
    for (const { keys, bucket, takers } of resultsOf(proof, node)) {
      for (const taker of start.filter((one) => one.bucket === bucket && takers.has(one.rule))) {
        const taken = intersect(keys, taker.keys, proof.budget);
        if (!taken.isEmpty) {
          reached.set(taker, [...(reached.get(taker) ?? []), taken]);
        }
      }
    }
  }
  return [...reached].map(([taker, parts]) => ({ ...taker, keys: unite(parts, proof.budget) }));
}

/** What each output of a rule writes of what it is given, and which rules may take it. */
function resultsOf({ source, edges, budget }: Proof, { rule: index, bucket: from, keys }: Node) {
  const rule = source[index];
  const own = edges.filter(({ writer }) => writer.rule === index);
  const split = splitKeys(keys, budget);
  return [...groupBy(own, ({ writer }) => writer.output)].flatMap(([i, targets]) => {
    const output = rule?.outputs[i];
    const bucket = output?.target.bucket ?? from;
    // The planner refuses to save an object onto itself.
    if (rule === undefined || output === undefined || (keepsKey(output) && bucket === from)) {
      return [];
    }
    const writer = { rule, output, bucket: from === anyBucket ? undefined : from };
    return { keys: writtenKeys(split, writer, budget), bucket, takers: new Set(targets.map(({ to }) => to)) };
  });
}
