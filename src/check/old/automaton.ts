import { type CharSet, charSet, includes } from './char-set.ts';
import type { GlobNode } from './glob.ts';

/** An edge of the automaton; without a set it is taken without reading anything. */
export interface Edge {
  set?: CharSet;
  to: number;
}

/** A regular language over object keys, as a nondeterministic automaton; states are indices into `edges`. */
export interface Nfa {
  edges: Edge[][];
  starts: number[];
  accepts: number[];
}

/** The language of exactly one string. */
export function literal(text: string): Nfa {
  return sequence([...text].map((char) => ({ kind: 'one', set: charSet(char.codePointAt(0) ?? 0) })));
}

/** The language of a glob's nodes. */
export function sequence(nodes: readonly GlobNode[]): Nfa {
  const edges: Edge[][] = [[]];
  const end = addNodes(edges, 0, nodes);
  return { edges, starts: [0], accepts: [end] };
}

function addNodes(edges: Edge[][], from: number, nodes: readonly GlobNode[]): number {
  return nodes.reduce((state, node) => addNode(edges, state, node), from);
}

function addNode(edges: Edge[][], from: number, node: GlobNode): number {
  const to = edges.push([]) - 1;
  if (node.kind === 'one') {
    edges[from]?.push({ set: node.set, to });
  } else if (node.kind === 'run') {
    edges[from]?.push({ to });
    edges[to]?.push({ set: node.set, to });
  } else {
    for (const option of node.options) {
      edges[addNodes(edges, from, option)]?.push({ to });
    }
  }
  return to;
}

/** The language of any of the parts. */
export function union(parts: readonly Nfa[]): Nfa {
  const edges: Edge[][] = [];
  const starts: number[] = [];
  const accepts: number[] = [];
  for (const part of parts) {
    const offset = append(edges, part);
    starts.push(...part.starts.map((state) => state + offset));
    accepts.push(...part.accepts.map((state) => state + offset));
  }
  return { edges, starts, accepts };
}

/** The language of one word of each part, one after the other. */
export function concat(parts: readonly Nfa[]): Nfa {
  const edges: Edge[][] = [[]];
  let ends = [0];
  for (const part of parts) {
    const offset = append(edges, part);
    for (const end of ends) {
      edges[end]?.push(...part.starts.map((state) => ({ to: state + offset })));
    }
    ends = part.accepts.map((state) => state + offset);
  }
  return { edges, starts: [0], accepts: ends };
}

function append(edges: Edge[][], part: Nfa): number {
  const offset = edges.length;
  for (const list of part.edges) {
    edges.push(list.map((edge) => ({ ...edge, to: edge.to + offset })));
  }
  return offset;
}

/** A state of the deterministic view: a set of states of the Nfa, with the steps already taken from it. */
export interface DfaState {
  members: readonly number[];
  accepting: boolean;
  next: Map<number, DfaState>;
}

/** A deterministic view of an Nfa, built step by step as it is used. */
export interface Dfa {
  start: DfaState;
  step(state: DfaState, code: number): DfaState;
  alphabet: readonly CharSet[];
}

/** Beyond this many cached states the cache is dropped: memory stays bounded, time stays linear in the key. */
const maxCachedStates = 2_000;

/**
 * Makes an Nfa walkable. Each step costs at most the size of the Nfa, whatever came before it: unlike a
 * backtracking regular expression, no pattern and no key can make it slow.
 */
export function toDfa(nfa: Nfa): Dfa {
  const cache = new Map<string, DfaState>();
  const accepts = new Set(nfa.accepts);
  const stateOf = (members: number[]): DfaState => {
    const name = members.join();
    const known = cache.get(name);
    if (known !== undefined) {
      return known;
    }
    if (cache.size >= maxCachedStates) {
      for (const state of cache.values()) {
        state.next.clear();
      }
      cache.clear();
    }
    const state = { members, accepting: members.some((member) => accepts.has(member)), next: new Map() };
    cache.set(name, state);
    return state;
  };
  const closures: (readonly number[] | undefined)[] = [];
  const behind = (state: number) => {
    closures[state] ??= closure(nfa, [state]);
    return closures[state];
  };
  const step = (state: DfaState, code: number): DfaState => {
    const known = state.next.get(code);
    if (known !== undefined) {
      return known;
    }
    const members = new Set<number>();
    for (const member of state.members) {
      for (const { set, to } of nfa.edges[member] ?? []) {
        if (set !== undefined && includes(set, code)) {
          for (const reached of behind(to)) {
            members.add(reached);
          }
        }
      }
    }
    const next = stateOf([...members].sort((a, b) => a - b));
    state.next.set(code, next);
    return next;
  };
  const alphabet = nfa.edges.flat().flatMap(({ set }) => (set === undefined ? [] : [set]));
  return { start: stateOf(closure(nfa, nfa.starts)), step, alphabet };
}

/** The states reachable without reading anything, sorted. */
export function closure(nfa: Nfa, states: readonly number[]): number[] {
  const seen = new Set(states);
  for (const state of seen) {
    for (const edge of nfa.edges[state] ?? []) {
      if (edge.set === undefined) {
        seen.add(edge.to);
      }
    }
  }
  return [...seen].sort((a, b) => a - b);
}

/** Whether the text is a word of the language. */
export function accepts(dfa: Dfa, text: string): boolean {
  let state = dfa.start;
  for (const char of text) {
    state = dfa.step(state, char.codePointAt(0) ?? 0);
    if (state.members.length === 0) {
      return false;
    }
  }
  return state.accepting;
}

export type Common = { found: 'word'; word: string } | { found: 'none' } | { found: 'too-complex' };

/** How many combined states a search may visit before it gives up rather than hang. */
const maxVisited = 20_000;

/**
 * Finds a shortest word that every one of `required` accepts and none of `forbidden` does.
 * `too-complex` means neither found nor ruled out: callers that prove something must take it as found.
 */
export function findCommonWord(required: readonly Dfa[], forbidden: readonly Dfa[]): Common {
  const all = [...required, ...forbidden];
  const letters = lettersOf(all);
  const start = all.map((dfa) => dfa.start);
  const queue = [{ states: start, word: '' }];
  const seen = new Set([nameOf(start)]);
  for (const { states, word } of queue) {
    const isWord = states.every((state, i) => state.accepting === i < required.length);
    if (isWord) {
      return { found: 'word', word };
    }
    for (const { code } of letters) {
      const next = states.map((state, i) => all[i]?.step(state, code) ?? state);
      if (next.some((state, i) => i < required.length && state.members.length === 0)) {
        continue;
      }
      const name = nameOf(next);
      if (seen.has(name)) {
        continue;
      }
      if (seen.size >= maxVisited) {
        return { found: 'too-complex' };
      }
      seen.add(name);
      queue.push({ states: next, word: word + String.fromCodePoint(code) });
    }
  }
  return { found: 'none' };
}

export function nameOf(states: readonly DfaState[]): string {
  return states.map((state) => state.members.join()).join('|');
}

/** Code points that no set tells apart, and one of them to stand for all: a plain letter or digit where there is one. */
export interface Letter {
  set: CharSet;
  code: number;
}

const plainLetters = [...'abcdefghijklmnopqrstuvwxyz0123456789'].map((char) => char.charCodeAt(0));

export function lettersOf(dfas: readonly Dfa[]): Letter[] {
  const distinct = [
    ...new Map(dfas.flatMap(({ alphabet }) => alphabet.map((set) => [set.join(), set]))).values(),
  ];
  // Lone surrogates are in no key: OSS keys are UTF-8.
  const starts = new Set([0, 0xd800, 0xe000]);
  for (const set of distinct) {
    for (let i = 0; i < set.length; i += 2) {
      starts.add(set[i] ?? 0).add((set[i + 1] ?? 0) + 1);
    }
  }
  const sorted = [...starts].filter((code) => code <= 0x10ffff).sort((a, b) => a - b);
  const classes = new Map<string, [number, number][]>();
  sorted.forEach((low, i) => {
    if (low >= 0xd800 && low < 0xe000) {
      return;
    }
    const name = distinct.map((set) => (includes(set, low) ? 1 : 0)).join('');
    classes.set(name, [...(classes.get(name) ?? []), [low, (sorted[i + 1] ?? 0x110000) - 1]]);
  });
  return [...classes.values()].map((members) => {
    const set = charSet(...members);
    return { set, code: plainLetters.find((code) => includes(set, code)) ?? set[0] ?? 0 };
  });
}

/** Without the edges from which no accepted word can follow: a search does not lose itself in them. */
export function trim(nfa: Nfa): Nfa {
  const sources = new Map<number, number[]>();
  nfa.edges.forEach((list, from) => {
    for (const { to } of list) {
      sources.set(to, [...(sources.get(to) ?? []), from]);
    }
  });
  const alive = new Set(nfa.accepts);
  for (const state of alive) {
    for (const from of sources.get(state) ?? []) {
      alive.add(from);
    }
  }
  return {
    edges: nfa.edges.map((list) => list.filter(({ to }) => alive.has(to))),
    starts: nfa.starts.filter((state) => alive.has(state)),
    accepts: nfa.accepts,
  };
}
