import type { DFA } from 'refa';
import { type Budget, createBudget, within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import { keepsKey } from '../compile/outputs.ts';
import { anyBucket, type Edge, groupBy, type Writer } from './graph.ts';
import { exampleKey, intersect, splitKeys, unite, writtenKeys } from './language.ts';

/** An output that saves what a rule takes, in one bucket, such as `key`. */
export interface CycleStep {
  writer: Writer;
  taker: SourceRule;
  bucket: string;
  key: string;
}

/** Rules that lead back to themselves by `steps`, which are empty where nothing could be told within the budget. */
export interface Cycle {
  rules: readonly SourceRule[];
  steps: readonly CycleStep[];
}

/** One mistake tends to repeat itself over all rules. */
const maxCycles = 20;

/** States of automata in the whole proof, which take some seconds to build. */
const maxStates = 500_000;

/** A chain that comes to the same rules for so many rounds is taken for one without end. */
const maxStillRounds = 8;

/** A rule in one bucket, where it takes all of its keys. */
interface Node {
  rule: SourceRule;
  bucket: string;
}

/** An output at one place saves what is taken at another. */
interface Link {
  from: Node;
  writer: Writer;
  to: Node;
}

interface Maps {
  edgesByRule: ReadonlyMap<SourceRule, readonly Edge[]>;
  nodesByRule: ReadonlyMap<SourceRule, readonly Node[]>;
}

/**
 * Finds the ways in which rules process their own results again and again. Sound: rules without a cycle have no endless
 * chain. The keys that chains can come to after one round, two rounds, … are followed as languages until none is left; so
 * what would end only after many rounds is found as well.
 */
export function findCycles(edges: readonly Edge[]): Cycle[] {
  const whole = createBudget(maxStates);
  const cycles: Cycle[] = [];
  let left = withoutStarts(edges);
  while (left.length > 0 && cycles.length < maxCycles) {
    const rules = [...new Set(left.map(({ taker }) => taker))];
    const cycle = within(maxStates, (budget) => findCycle(rules, left, budget), whole) ?? {
      rules,
      steps: [],
    };
    if (cycle.rules.length === 0) {
      break;
    }
    cycles.push(cycle);
    // The others may have a cycle of their own.
    const isOther = (rule: SourceRule) => !cycle.rules.includes(rule);
    left = withoutStarts(left.filter(({ writer, taker }) => isOther(writer.rule) && isOther(taker)));
  }
  return cycles;
}

/** Leaves out rules that take no results, then those that take results of such rules alone, and so on. */
function withoutStarts(edges: readonly Edge[]): Edge[] {
  const next = groupBy(edges, ({ writer }) => writer.rule);
  const incoming = new Map(
    [...groupBy(edges, ({ taker }) => taker)].map(([rule, all]) => [rule, all.length]),
  );
  const starts = new Set([...next.keys()].filter((rule) => !incoming.has(rule)));
  for (const start of starts) {
    for (const { taker } of next.get(start) ?? []) {
      const count = (incoming.get(taker) ?? 0) - 1;
      incoming.set(taker, count);
      if (count === 0) {
        starts.add(taker);
      }
    }
  }
  return edges.filter(({ writer }) => !starts.has(writer.rule));
}

/** Follows what chains can come to, until none is left or the rules stay the same. */
function findCycle(rules: readonly SourceRule[], edges: readonly Edge[], budget: Budget): Cycle {
  const nodes = nodesOf(rules);
  const maps = {
    edgesByRule: groupBy(edges, ({ writer }) => writer.rule),
    nodesByRule: groupBy(nodes, ({ rule }) => rule),
  };
  let reached = new Map(nodes.map((node) => [node, node.rule.keys]));
  let links: Link[] = [];
  for (let still = 0; still < maxStillRounds && reached.size > 0; ) {
    const { size } = reached;
    [reached, links] = nextRound(reached, maps, budget);
    still = reached.size < size ? 0 : still + 1;
  }
  const steps = cycleAmong(links).map((link) => stepOf(link, budget));
  return { rules: [...new Set(steps.map(({ writer }) => writer.rule))], steps };
}

/** Lists each rule in each bucket that it takes objects of; a bucket that no rule names stands for all others. */
function nodesOf(rules: readonly SourceRule[]): Node[] {
  const named = rules.flatMap(({ match, outputs }) => [
    ...(match.bucket ?? []),
    ...outputs.flatMap(({ target }) => target.bucket ?? []),
  ]);
  const all = [...new Set([...named, anyBucket])];
  return rules.flatMap((rule) => (rule.match.bucket ?? all).map((bucket) => ({ rule, bucket })));
}

/** Gives the keys that are taken at each place, of those that all outputs save in one round, and by which outputs they come. */
function nextRound(
  reached: ReadonlyMap<Node, DFA>,
  { edgesByRule, nodesByRule }: Maps,
  budget: Budget,
): [Map<Node, DFA>, Link[]] {
  const parts: { link: Link; keys: DFA }[] = [];
  for (const [from, keys] of reached) {
    const split = splitKeys(keys, budget);
    for (const [writer, targets] of groupBy(edgesByRule.get(from.rule) ?? [], (edge) => edge.writer)) {
      const { bucket = from.bucket } = writer.output.target;
      if (keepsKey(writer.output) && bucket === from.bucket) {
        continue; // The planner refuses to save an object onto itself.
      }
      const written = writtenKeys(split, { ...writer, bucket: knownBucket(from) }, budget);
      const takers = targets.flatMap(({ taker }) => nodesByRule.get(taker) ?? []);
      for (const to of takers.filter((node) => node.bucket === bucket)) {
        parts.push({ link: { from, writer, to }, keys: intersect(written, to.rule.keys, budget) });
      }
    }
  }
  const saved = parts.filter(({ keys }) => !keys.isEmpty);
  const united = [...groupBy(saved, ({ link }) => link.to)].map(([to, some]): [Node, DFA] => [
    to,
    unite(
      some.map(({ keys }) => keys),
      budget,
    ),
  ]);
  return [new Map(united), saved.map(({ link }) => link)];
}

const knownBucket = ({ bucket }: Node) => (bucket === anyBucket ? undefined : bucket);

/** Walks back from place to place, where each has a link, until one comes again; the first rule's output begins. */
function cycleAmong(links: readonly Link[]): Link[] {
  const incoming = new Map(links.map((link) => [link.to, link]));
  const path: Link[] = [];
  let link = links[0];
  while (link !== undefined && !path.includes(link)) {
    path.unshift(link);
    link = incoming.get(link.from);
  }
  const cycle = link === undefined ? [] : path.slice(0, path.indexOf(link) + 1);
  const indices = cycle.map(({ writer }) => writer.rule.index);
  const start = indices.indexOf(Math.min(...indices));
  return [...cycle.slice(start), ...cycle.slice(0, start)];
}

/** The step with the shortest key that it may be about, in the first round. */
function stepOf({ from, writer, to }: Link, budget: Budget): CycleStep {
  const written = writtenKeys(
    splitKeys(from.rule.keys, budget),
    { ...writer, bucket: knownBucket(from) },
    budget,
  );
  const key = exampleKey(intersect(written, to.rule.keys, budget), budget) ?? '';
  return { writer, taker: to.rule, bucket: to.bucket, key };
}
