import { DFA } from 'refa';
import { partsIn } from '../check/collisions.ts';
import { type Writer, writersOf } from '../check/graph.ts';
import { splitKeys, unite, writtenKeys } from '../check/language.ts';
import { within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import { toKeyTable } from '../compile/key-table.ts';
import { variablesBeyondKey, variantsOf } from '../compile/variants.ts';
import type { KeyTable } from '../rules/key-table.ts';
import { variablesOf } from '../rules/template.ts';

/** All keys that outputs may have saved. */
export interface Targets {
  /** Exactly the keys that the wanted outputs save under: each is the target of some source. */
  wanted: { bucket: string; keys: KeyTable }[];
  /** The outputs that were left out. Objects whose keys begin and end like theirs are left alone. */
  spared: Writer[];
  /** Lines that name the outputs whose targets are never treated as orphans, and say why. */
  leftOut: string[];
}

/** States for one output. If they do not suffice, it is left out. */
const maxStates = 100_000;

/**
 * Finds the keys that the outputs of the rules, or only of `rule`, save under. `buckets` are the source
 * buckets of rules that name none. An output is left out if its targets cannot be computed from its sources'
 * keys, or if its sources cannot all be listed.
 */
export function readTargets(
  rules: readonly SourceRule[],
  { rule, buckets }: { rule?: string | undefined; buckets: readonly string[] },
): Targets {
  const targets: Targets = { wanted: [], spared: [], leftOut: [] };
  for (const writer of writersOf(rules)) {
    const { name, match } = writer.rule;
    const isWanted = rule === undefined || name === rule;
    const obstacle = findObstacle(writer);
    const exact =
      isWanted && obstacle === undefined ? exactTargets(writer, match.bucket ?? buckets) : undefined;
    targets.wanted.push(...(exact ?? []));
    if (obstacle !== undefined || (isWanted && exact === undefined)) {
      targets.spared.push(writer);
    }
    if (isWanted && exact === undefined) {
      const reason = obstacle ?? 'its keys are too complex to be told from others';
      targets.leftOut.push(`- rule ${name}, outputs[${writer.index}], is left out: ${reason}`);
    }
  }
  return targets;
}

/** Says why the targets of an output cannot be computed exactly from the keys of their sources. */
function findObstacle(writer: Writer): string | undefined {
  const { rule, output } = writer;
  const { bucket, key } = output.target;
  const variable = variablesOf(key.parts).find(({ name }) => variablesBeyondKey.includes(name));
  if (variable !== undefined) {
    return `no key of a source tells its {${variable.name}}`;
  }
  if (bucket !== undefined && rule.match.bucket === undefined) {
    return `its sources may lie in any bucket: name them in the rule's match.bucket`;
  }
  const parts = partsIn(writer).filter((part) => ['dir', 'name', 'ext'].includes(part));
  const isExact = new Set(parts).size === parts.length && !variablesOf(key.parts).some(({ inB64 }) => inB64);
  return isExact ? undefined : "its key has a part of the source's key twice, or in {b64:…}";
}

/** The keys of an output, by bucket; undefined if they are too complex. */
function exactTargets(writer: Writer, sourceBuckets: readonly string[]): Targets['wanted'] | undefined {
  const { rule, output } = writer;
  return within(maxStates, (budget) => {
    const split = splitKeys(rule.keys, budget);
    return sourceBuckets.map((bucket) => {
      const languages = variantsOf(output.vary).map((variant) => {
        const vary = Object.fromEntries(Object.entries(variant).map(([name, value]) => [name, [value]]));
        const written = writtenKeys(split, { rule, output: { ...output, vary }, bucket }, budget);
        return DFA.fromFA(written, budget.dfa);
      });
      return { bucket: output.target.bucket ?? bucket, keys: toKeyTable(unite(languages, budget)) };
    });
  });
}
