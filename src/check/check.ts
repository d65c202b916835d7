import { isDisjointWith } from 'refa';
import { within } from '../compile/budget.ts';
import type { CompiledRules } from '../compile/compile.ts';
import { isMirror } from '../compile/outputs.ts';
import { findCollisions } from './collisions.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type Edge, findEdges, writersOf } from './graph.ts';
import { keysOf } from './language.ts';
import { type Cycle, findCycles } from './loops.ts';
import { describeCycle, describeMirror } from './messages.ts';
import { findUnsafeRemovals } from './removals.ts';
import { checkSlips } from './slips.ts';
import { checkStyles } from './styles.ts';

/** Rule `next` takes outputs of `rule`, and nothing leads back. */
export interface Chain {
  rule: string;
  next: string;
}

/**
 * Runs all checks of compiled rules that need no other file: loops, outputs that overwrite each other,
 * styles. Rules without an error have no endless chain. `regions` are those where they run, if known.
 */
export function checkRules(
  { source: rules, locate }: CompiledRules & { ok: true },
  { regions }: { regions?: readonly (string | undefined)[] | undefined } = {},
): { diagnostics: Diagnostic[]; chains: Chain[]; cycles: Cycle[] } {
  const writers = writersOf(rules);
  const edges = findEdges(rules, writers);
  const tooMany = writers.slice(0, 1).map((writer) => ({ writer, rules, steps: [] }));
  const cycles: Cycle[] = edges === undefined ? tooMany : findCycles(edges);
  const diagnostics = [
    ...cycles.map(describeCycle),
    ...writers.filter(({ rule, output }) => isMirror(rule, output)).map(describeMirror),
    ...findCollisions(writers),
    ...findUnsafeRemovals(writers),
    ...checkSlips(rules, writers),
    ...checkStyles(writers, regions),
  ];
  return { diagnostics: diagnostics.map(locate), chains: findChains(edges ?? [], cycles), cycles };
}

/** At most this many edges are examined: each costs some automata, and more would tell nothing new. */
const maxEdges = 100;
const maxStates = 20_000;

/** Finds rules that take outputs of others, except those in a cycle and those too complex to tell. */
function findChains(edges: readonly Edge[], cycles: readonly Cycle[]): Chain[] {
  const isInCycle = ({ writer, taker }: Edge) =>
    cycles.some(({ rules }) => rules.includes(writer.rule) && rules.includes(taker));
  const isTaken = ({ writer, taker }: Edge) =>
    within(maxStates, (budget) => isDisjointWith(keysOf(writer, budget), taker.keys)) === false;
  const chained = edges.filter((edge) => !isInCycle(edge)).slice(0, maxEdges);
  return chained.filter(isTaken).map(({ writer, taker }) => ({ rule: writer.rule.name, next: taker.name }));
}
