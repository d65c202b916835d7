import type { DFA } from 'refa';
import { type Budget, createBudget, within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import { keepsKey } from '../compile/outputs.ts';
import { maxTold } from './diagnostic.ts';
import { anyBucket, type Edge, groupBy, type Writer } from './graph.ts';
import { exampleKey, intersect, splitKeys, unite, writtenKeys } from './language.ts';

/** An output that saves what a rule takes, in one bucket, such as `key`. */
export interface CycleStep {
  writer: Writer;
  taker: SourceRule;
  bucket: string;
  key: string;
}

/** Rules that lead back to themselves by `steps`, which are empty where the budget did not suffice. */
export interface Cycle {
  /** An output by which it begins. */
  writer: Writer;
  rules: readonly SourceRule[];
  steps: readonly CycleStep[];
}

/** States of automata in the whole proof, which take some seconds to build. */
const maxStates = 500_000;

/** A chain that comes to the same rules for so many rounds is taken for one without end. */
const maxStillRounds = 8;

/** A rule in one bucket. */
interface Node {
  rule: SourceRule;
  bucket: string;
}

/** An output at one place saves `keys` that are taken at another, in the round that is looked at. */
interface Link {
  from: Node;
  writer: Writer;
  to: Node;
  keys: DFA;
  /** Its keys in the first round, among which are the shortest. */
  firstKeys?: DFA | undefined;
}

/**
 * Finds the ways in which rules process their own results again and again. Sound: rules without a cycle have
 * no endless chain. The keys that chains can come to after one round, two rounds, … are followed as languages
 * until none is left; so what would end only after many rounds is found as well.
 */
export function findCycles(edges: readonly Edge[]): Cycle[] {
  const cycles: Cycle[] = [];
  const ownEdges = edges.filter(({ writer, taker }) => writer.rule === taker);
  const ownBudget = createBudget(maxStates);
  // Most loops are of one rule alone, which is found among any number of others.
  for (const own of groupBy(ownEdges, ({ taker }) => taker).values()) {
    const cycle = cycles.length < maxTold ? findCycle(own, ownBudget) : undefined;
    cycles.push(...(cycle === undefined || cycle.steps.length === 0 ? [] : [cycle]));
  }
  const whole = createBudget(maxStates);
  while (cycles.length < maxTold) {
    // The others may have a cycle of their own.
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

/** Finds one cycle among some edges. */
function findCycle(edges: readonly Edge[], whole: Budget): Cycle | undefined {
  const takers = [...new Set(edges.map(({ taker }) => taker))];
  const steps = within(maxStates, (budget) => findSteps(takers, edges, budget), whole);
  const rules = steps === undefined ? takers : [...new Set(steps.map(({ writer }) => writer.rule))];
  const [first] = steps ?? edges;
  return first && { writer: first.writer, rules, steps: steps ?? [] };
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

/** Follows what chains can come to, until none is left or the rules stay the same; gives the way around. */
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

/** The edges in each bucket, for all keys taken there; a bucket that no rule names stands for all others. */
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

/** Gives the links left after a round: of the keys that came to a place, outputs save some that are taken. */
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

/** Walks back from place to place by their links until one recurs; the first rule's output begins. */
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
