import { type Nfa, toDfa, union } from './automaton.ts';
import { blurredVariables, writtenLanguage } from './language.ts';
import { product } from './product.ts';
import { bucketsMeet, createLanguages, type Languages, type Writer, writersOf } from './reach.ts';
import type { Rule, RuleSet } from './rule.ts';
import { findSources, findWord } from './sources.ts';
import { type Node, type PlanTargets, type Step, traceBack, traceForward } from './witness.ts';

/**
 * Rules that process their own results.
 * - `loop`: `steps` lead from an object back to the rule that took it (`rules[0]`); each was run through the planner.
 * - `own-source`: the last step saves onto the very object it was made from.
 * - `ends`: as `loop`, but no chain of the rules goes on for ever.
 * - `possible`: it could not be ruled out; `why` says what stood in the way. There are no steps.
 */
export interface Loop {
  kind: 'loop' | 'own-source' | 'ends' | 'possible';
  rules: string[];
  ruleIndex: number;
  outputIndex: number;
  steps: Step[];
  why?: string;
}

/** The result of one rule that is the upload of another, `next`. */
export interface Chain extends Step {
  next: string;
}

/**
 * Finds every way in which rules may process their own results, and, apart from that, the chains in which the result
 * of one rule is the upload of another and nothing leads back.
 *
 * Sound: a rule set without `loop`, `own-source` and `possible` has no endless chain. The languages of what chains can
 * reach after one round, two rounds, … are followed until none is left, or until a rule has to come twice.
 */
export function findLoops(ruleSet: RuleSet, planTargets: PlanTargets): { loops: Loop[]; chains: Chain[] } {
  const languages = createLanguages();
  const writers = writersOf(ruleSet);
  const byRule = new Map(
    ruleSet.rules.map((rule) => [rule, writers.filter((writer) => writer.rule === rule)]),
  );
  const loops: Loop[] = [];
  const isRefused = new Set<Rule>();
  for (const rule of ruleSet.rules) {
    const own = (byRule.get(rule) ?? []).filter((writer) => languages.feeds(writer, rule));
    const loop = own.length === 0 ? undefined : follow([rule], own, languages, planTargets);
    if (loop === undefined) {
      continue;
    }
    loops.push(loop);
    if (loop.kind !== 'ends') {
      isRefused.add(rule);
    }
  }
  // What is refused already need not be looked at again in longer cycles: the whole set is refused.
  const rest = ruleSet.rules.filter((rule) => !isRefused.has(rule));
  const edges = new Map(rest.map((rule) => [rule, new Map<Rule, Writer[]>()]));
  for (const writer of writers) {
    for (const rule of rest) {
      if (rule === writer.rule || !languages.feeds(writer, rule)) {
        continue;
      }
      const found = edges.get(writer.rule);
      found?.set(rule, [...(found.get(rule) ?? []), writer]);
    }
  }
  const groups = findCycles(rest, (rule) => [...(edges.get(rule)?.keys() ?? [])]);
  for (const group of groups) {
    const inside = group.flatMap((rule) => group.flatMap((next) => edges.get(rule)?.get(next) ?? []));
    const selves = group.flatMap((rule) =>
      writers.filter((writer) => writer.rule === rule && languages.feeds(writer, rule)),
    );
    const loop = follow(group, [...new Set([...inside, ...selves])], languages, planTargets);
    if (loop !== undefined) {
      loops.push(loop);
    }
  }
  const isTogether = (a: Rule, b: Rule) => groups.some((group) => group.includes(a) && group.includes(b));
  const chains = [...edges].flatMap(([from, targets]) =>
    [...targets]
      .filter(([to]) => !isTogether(from, to))
      .flatMap(([to, [writer]]) =>
        writer === undefined ? [] : showChain(writer, to, languages, planTargets),
      ),
  );
  return { loops, chains };
}

/** Enough for rule sets that people write; beyond it a cycle is refused without being followed. */
const maxNodes = 24;

/** As many rounds as there are nodes, and some node comes twice; more, and what only looks like a loop at first has ended. */
const spareRounds = 3;

/** The name given to a bucket that no rule names. */
export const anyBucket = 'any-bucket';

const NOTHING: Nfa = { edges: [[]], starts: [0], accepts: [] };

/** Follows all chains of rules that feed each other, round by round. */
function follow(
  rules: readonly Rule[],
  writers: readonly Writer[],
  languages: Languages,
  planTargets: PlanTargets,
): Loop | undefined {
  const nodes = nodesOf(rules);
  const taken = nodes.map(({ rule }) => languages.taken(rule.match));
  const first = writers[0];
  const possible = (why: string): Loop => ({
    kind: 'possible',
    rules: rules.map(({ name }) => name),
    ruleIndex: first?.ruleIndex ?? 0,
    outputIndex: first?.outputIndex ?? 0,
    steps: [],
    why,
  });
  const tooComplex = possible('the globs are too many or too complex to follow to the end');
  const layers = [taken.map((keys) => keys?.nfa ?? NOTHING)];
  if (taken.some((keys) => keys === undefined)) {
    return tooComplex;
  }
  const rounds = nodes.length + spareRounds;
  const trail = { nodes, layers, writers, planTargets, rounds };
  // A few examples first: where one of them loops, nothing is left to prove.
  for (const allowOwn of [false, true]) {
    const steps = traceForward({ ...trail, allowOwn });
    if (steps !== undefined) {
      return loopOf(allowOwn ? 'own-source' : 'loop', steps);
    }
  }
  if (nodes.length > maxNodes) {
    const cycle = shortestCycle(rules, writers, languages);
    const loop = cycle.length < rules.length ? follow(cycle, writers, languages, planTargets) : undefined;
    return loop === undefined || loop.kind === 'ends' ? tooComplex : loop;
  }
  for (let round = 1; round <= rounds; round += 1) {
    const layer = nextLayer(nodes, layers[round - 1] ?? [], layers[0] ?? [], writers);
    if (layer === undefined) {
      return tooComplex;
    }
    if (layer.every(({ accepts }) => accepts.length === 0)) {
      const steps = traceBack({ ...trail, allowOwn: false });
      return steps && loopOf('ends', steps);
    }
    layers.push(layer);
  }
  for (const allowOwn of [false, true]) {
    const steps = traceBack({ ...trail, allowOwn });
    if (steps !== undefined) {
      return loopOf(allowOwn ? 'own-source' : 'loop', steps);
    }
  }
  const blurred = [...new Set(writers.flatMap(({ output }) => blurredVariables(output)))];
  if (blurred.length === 0) {
    return possible('no example of it was found');
  }
  return possible(`{${blurred.join('}, {')}} stands for the same text twice, which is followed as two texts`);
}

/** Of rules that all lead to each other, a shortest way from the first back to itself. */
function shortestCycle(rules: readonly Rule[], writers: readonly Writer[], languages: Languages): Rule[] {
  const [first] = rules;
  const paths = rules.slice(0, 1).map((rule) => [rule]);
  const seen = new Set<Rule>();
  for (const path of paths) {
    const last = path.at(-1);
    for (const rule of rules) {
      const leads = writers.some((writer) => writer.rule === last && languages.feeds(writer, rule));
      if (!leads || seen.has(rule)) {
        continue;
      }
      if (rule === first) {
        return path;
      }
      seen.add(rule);
      paths.push([...path, rule]);
    }
  }
  return [];
}

function nodesOf(rules: readonly Rule[]): Node[] {
  const named = rules.flatMap(({ match, outputs }) => [
    ...match.bucket,
    ...outputs.flatMap(({ target }) => target.bucket ?? []),
  ]);
  const all = [...new Set([...named, anyBucket])];
  return rules.flatMap((rule) =>
    all.filter((bucket) => bucketsMeet(rule.match.bucket, [bucket])).map((bucket) => ({ rule, bucket })),
  );
}

/** What each node takes of that which all nodes write when they are given the keys of `layer`. */
function nextLayer(
  nodes: readonly Node[],
  layer: readonly Nfa[],
  taken: readonly Nfa[],
  writers: readonly Writer[],
): Nfa[] | undefined {
  const next = nodes.map(({ bucket }, to) => {
    const written = nodes.flatMap((node, from) =>
      writers
        .filter(({ rule, output }) => rule === node.rule && (output.target.bucket ?? node.bucket) === bucket)
        .filter(() => layer[from]?.accepts.length !== 0)
        .map(({ output }) => writtenLanguage(layer[from] ?? NOTHING, node.rule, output, [node.bucket])),
    );
    if (written.length === 0) {
      return NOTHING;
    }
    return product([toDfa(union(written)), toDfa(taken[to] ?? NOTHING)], []);
  });
  return next.every((keys) => keys !== undefined) ? next : undefined;
}

function loopOf(kind: Loop['kind'], steps: Step[]): Loop {
  const [{ ruleIndex, outputIndex } = { ruleIndex: 0, outputIndex: 0 }] = steps;
  return { kind, rules: steps.map(({ rule }) => rule), ruleIndex, outputIndex, steps };
}

/** Groups of rules that lead to each other (Tarjan's strongly connected components), single ones left out. */
function findCycles(rules: readonly Rule[], next: (rule: Rule) => readonly Rule[]): Rule[][] {
  const order = new Map<Rule, number>();
  const low = new Map<Rule, number>();
  const open: Rule[] = [];
  const groups: Rule[][] = [];
  const visit = (rule: Rule): number => {
    const number = order.size;
    order.set(rule, number);
    low.set(rule, number);
    open.push(rule);
    for (const to of next(rule)) {
      const reached = order.has(to) ? (open.includes(to) ? (order.get(to) ?? 0) : number) : visit(to);
      low.set(rule, Math.min(low.get(rule) ?? 0, reached));
    }
    if (low.get(rule) === number) {
      const group = open.splice(open.indexOf(rule));
      if (group.length > 1) {
        groups.push(group);
      }
    }
    return low.get(rule) ?? number;
  };
  for (const rule of rules) {
    if (!order.has(rule)) {
      visit(rule);
    }
  }
  return groups;
}

/** An example of a result that is another rule's upload. */
function showChain(writer: Writer, to: Rule, languages: Languages, planTargets: PlanTargets): Chain[] {
  const { rule, ruleIndex, output, outputIndex, buckets } = writer;
  const [takes, takesNext] = [rule, to].map(({ match }) => languages.taken(match)?.dfa);
  const bucket =
    buckets.find((name) => bucketsMeet(to.match.bucket, [name])) ?? to.match.bucket[0] ?? anyBucket;
  const from = output.target.bucket === undefined ? bucket : (rule.match.bucket[0] ?? anyBucket);
  const key = takesNext && findWord([languages.written(writer), takesNext], []);
  if (key === undefined || takes === undefined) {
    return [];
  }
  for (const source of findSources({ rule, output, bucket: from }, key, takes)) {
    const target = { bucket, key };
    const isMade = planTargets(rule, source).some((made) => made.bucket === bucket && made.key === key);
    if (isMade) {
      return [{ rule: rule.name, ruleIndex, outputIndex, source, target, next: to.name }];
    }
  }
  return [];
}
