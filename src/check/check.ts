import { createBudget, within } from '../compile/budget.ts';
import type { CompiledRules, SourceRule } from '../compile/compile.ts';
import { isMirror } from '../compile/outputs.ts';
import type { Rule } from '../rules/rule-set.ts';
import { anyBucket, type ObjectName, takes, targetsOf } from './chains.ts';
import { findCollisions } from './collisions.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type Edge, findComponents, findEdges, writersOf } from './graph.ts';
import { exampleKey, intersect, literalPattern, regular, takenKeys } from './language.ts';
import { type Cycle, findCycles } from './loops.ts';
import { describeCollision, describeCycle, describeMirror } from './messages.ts';
import { checkStyles } from './styles.ts';

/** The result of one rule that is the upload of another, `next`. */
export interface Chain {
  rule: string;
  next: string;
  source: ObjectName;
  target: ObjectName;
}

/**
 * Checks compiled rules by everything that needs no other file: loops, outputs that overwrite each other, styles. Rules
 * without an error among the diagnostics have no endless chain. `region` is where they run, if it is known.
 */
export function checkRules(
  { source, ruleSet, locate }: CompiledRules & { ok: true },
  { region }: { region?: string | undefined } = {},
): { diagnostics: Diagnostic[]; chains: Chain[] } {
  const writers = writersOf(source, ruleSet);
  const edges = findEdges(source, writers, ruleSet);
  const all: Cycle = { kind: 'too-complex', rules: [...source.keys()] };
  const cycles = edges === undefined ? [all] : findCycles(source, ruleSet.rules, edges);
  const mirrors = writers.filter((writer) => {
    const rule = source[writer.rule];
    const output = rule?.outputs[writer.output];
    return rule !== undefined && output !== undefined && isMirror(rule, output);
  });
  const diagnostics = [
    ...cycles.map((cycle) => describeCycle(cycle, source, writers)),
    ...mirrors.map((writer) => describeMirror(writer, source)),
    ...findCollisions(source, ruleSet.rules, writers).map((collision) =>
      describeCollision(collision, source),
    ),
    ...checkStyles(source, region),
  ];
  return { diagnostics: diagnostics.map(locate), chains: findChains(source, ruleSet.rules, edges ?? []) };
}

/** Edges looked at, and chains shown: each costs some automata, and more say nothing new. */
const maxEdges = 100;
const maxChains = 20;
const maxStates = 20_000;

/** Examples of chains that lead nowhere back. */
function findChains(source: readonly SourceRule[], rules: readonly Rule[], edges: readonly Edge[]): Chain[] {
  const groups = new Map(findComponents(edges).flatMap((group) => group.map((rule) => [rule, group])));
  const ahead = edges.filter(({ writer, to }) => !groups.get(writer.rule)?.includes(to));
  const chains = ahead.slice(0, maxEdges).map(({ writer, to }): Chain | undefined => {
    const [rule, next] = [rules[writer.rule], rules[to]];
    for (const object of sourcesFor(source[writer.rule], next)) {
      const target = targetsOf(rule, writer.output, object).find((one) => takes(next, one));
      if (target !== undefined && rule !== undefined && next !== undefined) {
        return { rule: rule.name, next: next.name, source: object, target };
      }
    }
    return undefined;
  });
  return chains.filter((chain) => chain !== undefined).slice(0, maxChains);
}

/** Objects that a rule takes: a plain one, and one whose key begins like those that the next rule takes. */
function sourcesFor(rule: SourceRule | undefined, next: Rule | undefined): ObjectName[] {
  const keys = within(createBudget(maxStates), (budget) => {
    const taken = rule && takenKeys(rule, budget);
    const start = regular(`${literalPattern(next?.match.keys.prefix ?? '')}[^]*`, budget);
    const near = taken && intersect(taken, start, budget);
    return [taken, near].map((language) => language && exampleKey(language, budget));
  });
  const bucket = rule?.match.bucket?.[0] ?? next?.match.buckets[0] ?? anyBucket;
  return (keys ?? []).flatMap((key) => (key === undefined ? [] : [{ bucket, key }]));
}
