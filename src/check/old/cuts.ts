import { closure, concat, literal, type Nfa, trim } from './automaton.ts';
import { type CharSet, DOT, includes, intersect, NOT_SLASH, NOT_SLASH_NOR_DOT, SLASH } from './char-set.ts';

/** One way to cut keys: what each part of them can be, whatever the others are. */
export interface Cut {
  /** Of keys at the bucket's root there is none. */
  dir?: Nfa;
  base: Nfa;
  name?: Nfa;
  ext?: Nfa;
}

const knownCuts = new WeakMap<Nfa, Map<string, Cut[]>>();

/** All ways to cut keys at their last slash and last dot, as far as they are asked for. */
export function cutKeys(keys: Nfa, at: { folders: boolean; extensions: boolean }): Cut[] {
  const known = knownCuts.get(keys) ?? new Map<string, Cut[]>();
  knownCuts.set(keys, known);
  const name = `${at.folders} ${at.extensions}`;
  const folders = at.folders ? cutFolders : (whole: Nfa) => [{ base: whole }];
  const cuts =
    known.get(name) ?? folders(keys).flatMap((cut) => (at.extensions ? cutExtensions(cut) : [cut]));
  known.set(name, cuts);
  return cuts;
}

/** Cuts keys at the last slash: one cut for each state behind it, and one for keys without any. */
function cutFolders(keys: Nfa): Cut[] {
  const edges = within(keys, NOT_SLASH);
  const isEnd = canReachEnd(keys, edges);
  const folders = [...entries(keys, SLASH)].filter(([state]) => isEnd.has(state));
  return [
    { base: { ...keys, edges } },
    // No key starts with a slash.
    ...folders.map(([state, accepts]) => ({
      dir: nonEmpty({ ...keys, accepts }),
      base: { edges, starts: [state], accepts: keys.accepts },
    })),
  ];
}

/** Cuts the base at its last dot, unless that is its first character: `.profile` is all name. */
function cutExtensions(cut: Cut): Cut[] {
  const { base } = cut;
  const edges = within(base, NOT_SLASH_NOR_DOT);
  const isEnd = canReachEnd(base, edges);
  const dots = [...entries(base, DOT)].filter(([state]) => isEnd.has(state));
  const first = closure(base, base.starts).flatMap((state) => base.edges[state] ?? []);
  const afterFirstDot = first.filter(({ set }) => reads(set, DOT)).map(({ to }) => to);
  const dotted = { edges, starts: afterFirstDot, accepts: base.accepts };
  const named = [{ ...base, edges }, concat([literal('.'), dotted])].map((whole) => ({
    base: whole,
    name: whole,
  }));
  const extended = dots.map(([state, accepts]) => {
    const name = nonEmpty({ ...base, accepts });
    const ext = { edges, starts: [state], accepts: base.accepts };
    return { base: concat([name, literal('.'), ext]), name, ext };
  });
  return [...named, ...extended].map((parts) => ({ ...cut, ...parts }));
}

/** The automaton's edges, each reading only what is in `set`. */
function within(keys: Nfa, set: CharSet): Nfa['edges'] {
  return keys.edges.map((list) =>
    list.flatMap((edge) => {
      if (edge.set === undefined) {
        return [edge];
      }
      const narrowed = intersect(edge.set, set);
      return narrowed.length === 0 ? [] : [{ to: edge.to, set: narrowed }];
    }),
  );
}

function reads(set: CharSet | undefined, separator: CharSet): boolean {
  return set !== undefined && includes(set, separator[0] ?? 0);
}

/** Each state that is entered by reading the separator, with the states from which it is. */
function entries(keys: Nfa, separator: CharSet): Map<number, number[]> {
  const found = new Map<number, number[]>();
  keys.edges.forEach((list, from) => {
    for (const { set, to } of list) {
      if (reads(set, separator)) {
        found.set(to, [...(found.get(to) ?? []), from]);
      }
    }
  });
  return found;
}

/** Without the empty word: a new start that has the first steps of the old ones. */
function nonEmpty(nfa: Nfa): Nfa {
  const first = closure(nfa, nfa.starts).flatMap((state) => nfa.edges[state] ?? []);
  const edges = [...nfa.edges, first.filter(({ set }) => set !== undefined)];
  return { edges, starts: [nfa.edges.length], accepts: nfa.accepts };
}

/** The states from which only these edges lead to the end. */
function canReachEnd(keys: Nfa, edges: Nfa['edges']): Set<number> {
  const alive = trim({ ...keys, edges, starts: [...edges.keys()] });
  return new Set(alive.starts);
}
