import { accepts, type Dfa, literal, type Nfa, toDfa } from './automaton.ts';
import type { Writer } from './reach.ts';
import type { Rule } from './rule.ts';
import { findSources, findWord, type Source } from './sources.ts';

/** A source object, and the object that one output of a rule makes of it. */
export interface Step {
  rule: string;
  ruleIndex: number;
  outputIndex: number;
  source: Source;
  target: { bucket: string; key: string };
}

/**
 * Where the outputs of a rule are saved for a source, which has to be what the planner says without its guard; also
 * an output that the planner refuses because it would be saved onto its own source.
 */
export type PlanTargets = (rule: Rule, source: Source) => readonly { bucket: string; key: string }[];

/** A rule in one bucket. Rules without a bucket stand in each one that is named, and in one that is not. */
export interface Node {
  rule: Rule;
  bucket: string;
}

interface Trail {
  nodes: readonly Node[];
  /** For each node the keys with which a chain can arrive at it after 0, 1, 2, … rounds. */
  layers: readonly (readonly Nfa[])[];
  writers: readonly Writer[];
  planTargets: PlanTargets;
  /** How long a chain must be to count. */
  rounds: number;
  /** Whether to look for a step that saves onto its own source, which ends a chain. */
  allowOwn: boolean;
}

/** A step, and the nodes between which it goes. */
interface Move {
  step: Step;
  from: Node;
  to: Node;
}

/** Steps tried; every one costs a search or a plan. */
const maxTries = 300;

/** The lap of a chain through all layers, found from its last key backwards, each step as the planner makes it. */
export function traceBack({ nodes, layers, writers, planTargets, allowOwn }: Trail): Step[] | undefined {
  let tries = 0;
  const dfas = layers.map((layer) => layer.map((keys): Dfa => toDfa(keys)));
  const back = (round: number, to: Node, key: string): Move[] | undefined => {
    if (round === 0) {
      return [];
    }
    for (const [i, from] of nodes.entries()) {
      const keys = dfas[round - 1]?.[i];
      for (const { rule, ruleIndex, output, outputIndex } of writers) {
        if (rule !== from.rule || (output.target.bucket ?? from.bucket) !== to.bucket || !keys) {
          continue;
        }
        for (const source of findSources({ rule, output, bucket: from.bucket }, key, keys)) {
          tries += 1;
          if (tries > maxTries) {
            return undefined;
          }
          const target = { bucket: to.bucket, key };
          const step = { rule: rule.name, ruleIndex, outputIndex, source, target };
          if ((isOwn(step) && !allowOwn) || !includes(planTargets(rule, source), target)) {
            continue;
          }
          const before = back(round - 1, from, source.key);
          if (before !== undefined) {
            return [...before, { step, from, to }];
          }
        }
      }
    }
    return undefined;
  };
  const top = layers.length - 1;
  for (const [i, to] of nodes.entries()) {
    for (const key of someWords(dfas[top]?.[i])) {
      const moves = back(top, to, key);
      const lap = moves && (allowOwn ? cutToOwn(moves) : cutToLap(moves));
      if (lap !== undefined) {
        return lap;
      }
    }
  }
  return undefined;
}

/** The lap of a chain found by following a few keys forwards. */
export function traceForward({
  nodes,
  layers,
  writers,
  planTargets,
  rounds,
  allowOwn,
}: Trail): Step[] | undefined {
  let tries = 0;
  const taken = (layers[0] ?? []).map((keys): Dfa => toDfa(keys));
  const forth = (i: number, source: Source, before: readonly Move[]): Step[] | undefined => {
    const from = nodes[i];
    const isLong = before.length >= rounds;
    const lap = allowOwn ? cutToOwn(before) : isLong ? cutToLap(before) : undefined;
    if (lap !== undefined || from === undefined || isLong) {
      return lap;
    }
    tries += 1;
    const writer = writers.find(({ rule }) => rule === from.rule);
    if (tries > maxTries || writer === undefined) {
      return undefined;
    }
    const { ruleIndex, outputIndex } = writer;
    for (const target of planTargets(from.rule, source)) {
      const step = { rule: from.rule.name, ruleIndex, outputIndex, source, target };
      for (const [j, to] of nodes.entries()) {
        const isTaken =
          to.bucket === target.bucket && taken[j] !== undefined && accepts(taken[j], target.key);
        if (!isTaken || (isOwn(step) && !allowOwn)) {
          continue;
        }
        const found = forth(j, { ...target, eTag: `${before.length + 1}` }, [...before, { step, from, to }]);
        if (found !== undefined) {
          return found;
        }
      }
    }
    return undefined;
  };
  for (const [i, { bucket }] of nodes.entries()) {
    for (const key of someWords(taken[i])) {
      if (tries > maxTries) {
        return undefined;
      }
      // No two objects have one ETag.
      const found = forth(i, { bucket, key, eTag: '0' }, []);
      if (found !== undefined) {
        return found;
      }
    }
  }
  return undefined;
}

function* someWords(dfa: Dfa | undefined): Generator<string> {
  const known: Dfa[] = [];
  while (dfa !== undefined && known.length < 8) {
    const word = findWord([dfa], known);
    if (word === undefined) {
      return;
    }
    yield word;
    known.push(toDfa(literal(word)));
  }
}

/** The part of a chain from a node back to that node; undefined where none comes twice. */
function cutToLap(moves: readonly Move[]): Step[] | undefined {
  for (const [end, { to }] of moves.entries()) {
    const start = moves.slice(0, end + 1).findLastIndex(({ from }) => from === to);
    if (start >= 0) {
      return moves.slice(start, end + 1).map(({ step }) => step);
    }
  }
  return undefined;
}

/** The step that saves onto its own source, and the one before it. */
function cutToOwn(moves: readonly Move[]): Step[] | undefined {
  const steps = moves.map(({ step }) => step);
  const own = steps.findIndex(isOwn);
  return own < 0 ? undefined : steps.slice(Math.max(0, own - 1), own + 1);
}

const isOwn = ({ source, target }: Step) => includes([source], target);

function includes(
  objects: readonly { bucket: string; key: string }[],
  { bucket, key }: Step['target'],
): boolean {
  return objects.some((object) => object.bucket === bucket && object.key === key);
}
