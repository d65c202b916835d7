import { createBudget, within } from '../compile/budget.ts';
import type { CompiledRules } from '../compile/compile.ts';
import { isMirror } from '../compile/outputs.ts';
import { findCollisions } from './collisions.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type Edge, findComponents, findEdges, writersOf } from './graph.ts';
import { intersect, sourceKeys, splitKeys, writtenKeys } from './language.ts';
import { type Cycle, findCycles } from './loops.ts';
import {
  describeArchived,
  describeCollision,
  describeCycle,
  describeMirror,
  describeUnsafeRemoval,
} from './messages.ts';
import { findUnsafeRemovals } from './removals.ts';
import { checkStyles } from './styles.ts';

/** Rule `next` takes results of `rule`, and nothing leads back. */
export interface Chain {
  rule: string;
  next: string;
}

/**
 * Checks compiled rules by everything that needs no other file: loops, outputs that overwrite each other, styles. Rules
 * without an error among the diagnostics have no endless chain. `region` is where they run, if it is known.
 */
export function checkRules(
  { source: rules, locate }: CompiledRules & { ok: true },
  { region }: { region?: string | undefined } = {},
): { diagnostics: Diagnostic[]; chains: Chain[]; cycles: Cycle[] } {
  const writers = writersOf(rules);
  const edges = findEdges(rules, writers);
  const cycles: Cycle[] = edges === undefined ? [{ kind: 'too-complex', rules }] : findCycles(edges);
  const diagnostics = [
    ...cycles.flatMap((cycle) => describeCycle(cycle, writers)),
    ...writers.filter(({ rule, output }) => isMirror(rule, output)).map(describeMirror),
    ...findCollisions(writers).map(describeCollision),
    ...findUnsafeRemovals(writers).map(describeUnsafeRemoval),
    ...findArchived(edges ?? []).map(describeArchived),
    ...checkStyles(rules, region),
  ];
  return { diagnostics: diagnostics.map(locate), chains: findChains(edges ?? []), cycles };
}

/** So many edges are looked at: each costs some automata, and more tell nothing new. */
const maxEdges = 100;
const maxStates = 20_000;

/** Finds rules that take results of others, but for those that lead back to themselves. */
function findChains(edges: readonly Edge[]): Chain[] {
  const groups = new Map(findComponents(edges).flatMap((group) => group.map((rule) => [rule, group])));
  const ahead = edges.filter(({ writer, taker }) => !groups.get(writer.rule)?.includes(taker));
  return ahead
    .slice(0, maxEdges)
    .filter(isTaken)
    .map(({ writer, taker }) => ({ rule: writer.rule.name, next: taker.name }));
}

/** Finds rules that take results of an archive class, which would have to be restored before they can be processed. */
function findArchived(edges: readonly Edge[]): Edge[] {
  const archived = edges.filter(({ writer }) => /Archive$/.test(writer.output.storageClass ?? ''));
  return archived.slice(0, maxEdges).filter(isTaken);
}

function isTaken({ writer: { rule, output }, taker }: Edge): boolean {
  const isEmpty = within(createBudget(maxStates), (budget) => {
    const written = writtenKeys(splitKeys(sourceKeys(rule, budget), budget), { rule, output }, budget);
    return intersect(written, taker.keys, budget).isEmpty;
  });
  return isEmpty === false;
}
