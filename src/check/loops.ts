import type { DFA } from 'refa';
import { type Budget, createBudget, within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import { keepsKey } from '../compile/outputs.ts';
import { maxReported } from './diagnostic.ts';
import { anyBucket, type Edge, groupBy, type Writer } from './graph.ts';
import { exampleKey, intersect, splitKeys, unite, writtenKeys } from './language.ts';

/** A step: an output saves keys such as `key` in a bucket, and a rule takes them. */
export interface CycleStep {
  writer: Writer;
  taker: SourceRule;
  bucket: string;
  key: string;
}

/** Rules that lead back to themselves by `steps`, which are empty if the budget did not suffice. */
export interface Cycle {
  /** An output that begins it. */
  writer: Writer;
  rules: readonly SourceRule[];
  steps: readonly CycleStep[];
}

/** States of automata in the whole proof; building them takes some seconds. */
const maxStates = 500_000;

/** A chain that reaches the same rules for this many rounds counts as endless. */
const maxStillRounds = 8;

/** A rule in one bucket. */
interface Node {
  rule: SourceRule;
  bucket: string;
}

/** An output of one node saves `keys` that another node takes in the current round. */
interface Link {
  from: Node;
  writer: Writer;
  to: Node;
  keys: DFA;
  /** Its keys in the first round, which include the shortest. */
  firstKeys?: DFA | undefined;
}

/**
 * Finds the ways in which rules process their own results again and again. Sound: rules without a cycle have
 * no endless chain. It follows the keys that chains can reach after one round, two rounds and so on, as
 * languages, until none is left. A chain that would end, but only after many rounds, is reported as well.
 */
export function findCycles(edges: readonly Edge[]): Cycle[] {
  const cycles: Cycle[] = [];
  const ownEdges = edges.filter(({ writer, taker }) => writer.rule === taker);
  const ownBudget = createBudget(maxStates);
  // Most loops are within one rule, and are found among any number of other rules.
  for (const own of groupBy(ownEdges, ({ taker }) => taker).values()) {
    const cycle = cycles.length < maxReported ? findCycle(own, ownBudget) : undefined;
    cycles.push(...(cycle === undefined || cycle.steps.length === 0 ? [] : [cycle]));
  }
  const whole = createBudget(maxStates);
  while (cycles.length < maxReported) {
    // The other rules may have a cycle of their own.
    const found = new Set(cycles.flatMap(({ rules }) => rules));
    const others = edges.filter(({ writer, taker }) => !found.has(writer.rule) && !found.has(taker));
    const cycle = findCycle(withoutStarts(others), whole);
    if (cycle === undefined) {
      break;
    }
    cycles.push(cycle);
  }
  return cycles;
}

/** Finds one cycle among the edges. */
function findCycle(edges: readonly Edge[], whole: Budget): Cycle | undefined {
  const takers = [...new Set(edges.map(({ taker }) => taker))];
  const steps = within(maxStates, (budget) => findSteps(takers, edges, budget), whole);
  const rules = steps === undefined ? takers : [...new Set(steps.map(({ writer }) => writer.rule))];
  const [first] = steps ?? edges;
  return first && { writer: first.writer, rules, steps: steps ?? [] };
}

/** Leaves out rules that take no results, then those that only take results of such rules, and so on. */
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

/** Follows the keys of chains until none is left or the rules stay the same. Returns the cycle. */
function findSteps(rules: readonly SourceRule[], edges: readonly Edge[], budget: Budget): CycleStep[] {
  const countPlaces = (some: readonly Link[]) => new Set(some.map(({ to }) => to)).size;
  let links = linksOf(rules, edges);
  for (let still = 0; still < maxStillRounds && links.length > 0; ) {
    const next = nextRound(links, budget);
    still = countPlaces(next) < countPlaces(links) ? 0 : still + 1;
    links = next;
  }
  return cycleAmong(links).map(({ writer, to: { rule, bucket }, keys, firstKeys = keys }) => {
    return { writer, taker: rule, bucket, key: exampleKey(firstKeys, budget) ?? '' };
  });
}

/** The edges in each bucket, for all keys taken there. `anyBucket` stands for all that no rule names. */
function linksOf(rules: readonly SourceRule[], edges: readonly Edge[]): Link[] {
  const named = rules.flatMap(({ match, outputs }) => [
    ...(match.bucket ?? []),
    ...outputs.flatMap(({ target }) => target.bucket ?? []),
  ]);
  const all = [...new Set([...named, anyBucket])];
  const nodes = new Map(
    rules.map((rule) => [rule, (rule.match.bucket ?? all).map((bucket): Node => ({ rule, bucket }))]),
  );
  return edges.flatMap(({ writer, taker }) =>
    (nodes.get(writer.rule) ?? []).flatMap((from) => {
      const { bucket = from.bucket } = writer.output.target;
      const takers = nodes.get(taker)?.filter((node) => node.bucket === bucket) ?? [];
      // The planner refuses to save an object onto itself.
      const isSkipped = keepsKey(writer.output) && bucket === from.bucket;
      return isSkipped ? [] : takers.map((to) => ({ from, writer, to, keys: taker.keys }));
    }),
  );
}

/** The links that are left after a round: outputs save some of the keys that arrived, and rules take them. */
function nextRound(links: readonly Link[], budget: Budget): Link[] {
  const incoming = groupBy(links, ({ to }) => to);
  return [...groupBy(links, ({ from }) => from)].flatMap(([from, outgoing]) => {
    const languages = new Set((incoming.get(from) ?? []).map(({ keys }) => keys));
    const split = splitKeys(unite([...languages], budget), budget);
    const bucket = from.bucket === anyBucket ? undefined : from.bucket;
    return [...groupBy(outgoing, ({ writer }) => writer)].flatMap(([writer, some]) => {
      const written = writtenKeys(split, { ...writer, bucket }, budget);
      return some.flatMap((link) => {
        const keys = intersect(written, link.to.rule.keys, budget);
        return keys.isEmpty ? [] : [{ ...link, keys, firstKeys: link.firstKeys ?? keys }];
      });
    });
  });
}

/** Follows links backwards until one recurs. The cycle begins with the output of the first rule. */
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
