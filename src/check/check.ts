import { createBudget, within } from '../compile/budget.ts';
import type { CompiledRules, SourceRule } from '../compile/compile.ts';
import { isMirror } from '../compile/outputs.ts';
import type { OssObject } from '../process.ts';
import { anyBucket, takes, targetObjects } from './chains.ts';
import { findCollisions } from './collisions.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type Edge, findComponents, findEdges, writersOf } from './graph.ts';
import { exampleKey, intersect, literalPattern, regular, sourceKeys } from './language.ts';
import { type Cycle, findCycles } from './loops.ts';
import { describeCollision, describeCycle, describeMirror } from './messages.ts';
import { checkStyles } from './styles.ts';

/** The result of one rule that is the upload of another, `next`. */
export interface Chain {
  rule: string;
  next: string;
  source: OssObject;
  target: OssObject;
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
    ...checkStyles(rules, region),
  ];
  return { diagnostics: diagnostics.map(locate), chains: findChains(edges ?? []), cycles };
}

/** So many edges are looked at, and so many chains shown: each costs some automata, and more tell nothing new. */
const maxEdges = 100;
const maxChains = 20;
const maxStates = 20_000;

/** Finds examples of chains that never lead back. */
function findChains(edges: readonly Edge[]): Chain[] {
  const groups = new Map(findComponents(edges).flatMap((group) => group.map((rule) => [rule, group])));
  const ahead = edges.filter(({ writer, taker }) => !groups.get(writer.rule)?.includes(taker));
  return ahead.slice(0, maxEdges).flatMap(findChain).slice(0, maxChains);
}

function findChain({ writer, taker }: Edge): Chain[] {
  const { rule } = writer;
  for (const source of sourcesFor(rule, taker)) {
    const target = targetObjects(writer, source).find((one) => takes(taker, one));
    if (target !== undefined) {
      return [{ rule: rule.name, next: taker.name, source, target }];
    }
  }
  return [];
}

/** Makes objects that a rule takes: a plain one, and one whose key begins like those that the next rule takes. */
function sourcesFor(rule: SourceRule, next: SourceRule): OssObject[] {
  const { keys, buckets } = next.compiled.match;
  const bucket = rule.match.bucket?.[0] ?? buckets[0] ?? anyBucket;
  const found = within(createBudget(maxStates), (budget) => {
    const sources = sourceKeys(rule, budget);
    const near = intersect(sources, regular(`${literalPattern(keys.prefix)}[^]*`, budget), budget);
    return [sources, near].map((language) => exampleKey(language, budget));
  });
  return (found ?? []).flatMap((key) => (key === undefined ? [] : [{ bucket, key }]));
}
