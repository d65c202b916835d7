import { CharBase, CharSet, DFA, NFA, type NodeFactory } from 'refa';
import type { KeyTable } from '../rules/key-table.ts';
import { type Budget, within } from './budget.ts';
import { type Glob, maxCharacter, parsePattern } from './glob.ts';

/** The most states of a table. Usual globs need tens; the function reads its tables at every cold start. */
const maxStates = 1_000;

/** The most states that may be built for one table before it is minimised. */
const maxSteps = 10_000;

/**
 * Returns a function that gives the keys of any of the globs, without those of any exclude, as a minimal
 * automaton, or undefined if that is too large. Excludes that rules share are built once.
 */
export function createKeyLanguages(
  whole: Budget,
): (globs: readonly Glob[], excludes: readonly Glob[]) => DFA | undefined {
  const complements = new Map<string, DFA>();
  const build = (globs: readonly Glob[], excludes: readonly Glob[], { dfa }: Budget) => {
    const name = JSON.stringify(excludes.map(({ text, ignoresCase }) => [text, ignoresCase]));
    const others = complements.get(name) ?? complementOf(excludes, dfa);
    complements.set(name, others);
    const keys = DFA.fromIntersection(unionOf(globs, dfa), others, dfa);
    keys.minimize();
    return keys.countNodes() > maxStates ? undefined : keys;
  };
  return (globs, excludes) => within(maxSteps, (budget) => build(globs, excludes, budget), whole);
}

/** Keys of sources do not begin with a slash, and a key that ends with one marks a folder. */
const sourceKeys = DFA.fromFA(NFA.fromRegex(parsePattern('[^/\\\\](?:[^]*[^/])?'), { maxCharacter }));

/** The keys of a language that a source can have. */
export function toSourceKeys(language: DFA): DFA {
  const keys = DFA.fromIntersection(language, sourceKeys);
  keys.minimize();
  return keys;
}

function complementOf(globs: readonly Glob[], factory: NodeFactory<DFA.Node>): DFA {
  const others = unionOf(globs, factory);
  others.complement(factory);
  others.minimize();
  return others;
}

function unionOf(globs: readonly Glob[], factory: NodeFactory<DFA.Node>): DFA {
  const alternatives = globs.flatMap(({ expression }) => expression.alternatives);
  return DFA.fromFA(NFA.fromRegex(alternatives, { maxCharacter }), factory);
}

/** Converts a minimal automaton to the table that the function walks. */
export function toKeyTable(language: DFA): KeyTable {
  const { prefix, start } = literalPrefix(language);
  const states = [start];
  const numbers = new Map([[start, 0]]);
  for (const state of states) {
    for (const next of state.out.values()) {
      if (!numbers.has(next)) {
        numbers.set(next, states.length);
        states.push(next);
      }
    }
  }
  const classes = classesOf(language, states);
  const ranges = classes
    .flatMap((set, number) => set.ranges.map(({ min }) => ({ min, number })))
    .sort((a, b) => a.min - b.min);
  const next = states.flatMap(({ out }) =>
    classes.map(({ ranges: [{ min = 0 } = {}] }) => {
      const state = out.get(min);
      return state === undefined ? -1 : (numbers.get(state) ?? -1);
    }),
  );
  return {
    prefix,
    suffix: literalSuffix(start, states, language),
    ranges: ranges.map(({ min }) => min),
    classes: ranges.map(({ number }) => number),
    classCount: classes.length,
    next,
    accepts: states.map((state) => (language.finals.has(state) ? 1 : 0)),
  };
}

/** Finds the text that every key begins with, and the state after it. */
function literalPrefix({ initial, finals }: DFA): { prefix: string; start: DFA.Node } {
  let prefix = '';
  let start = initial;
  for (;;) {
    const [only, ...others] = start.out.entries();
    if (only === undefined || others.length > 0 || only[0].min < only[0].max || finals.has(start)) {
      return { prefix, start };
    }
    prefix += String.fromCodePoint(only[0].min);
    start = only[1];
  }
}

/** Finds the text that every key ends with. It grows from the end while only one character leads there. */
function literalSuffix(start: DFA.Node, states: readonly DFA.Node[], { finals }: DFA): string {
  let suffix = '';
  let ends = new Set(states.filter((state) => finals.has(state)));
  for (;;) {
    const steps = states.flatMap((state) =>
      [...state.out.entries()].filter(([, next]) => ends.has(next)).map(([range]) => ({ state, range })),
    );
    const character = steps[0]?.range.min ?? 0;
    const isFork = steps.some(({ range: { min, max } }) => min !== character || max !== character);
    if (isFork || steps.length === 0 || ends.has(start)) {
      return suffix;
    }
    suffix = String.fromCodePoint(character) + suffix;
    ends = new Set(steps.map(({ state }) => state));
  }
}

/** Sets of characters that lead each state to the same next one; the last may lead nowhere. */
function classesOf(language: DFA, states: readonly DFA.Node[]): CharSet[] {
  const { getOut } = language.transitionIterator();
  const { sets } = new CharBase(states.flatMap((state) => [...getOut(state).values()]));
  const named = CharSet.empty(maxCharacter).union(...sets);
  const others = named.negate();
  return others.isEmpty ? [...sets] : [...sets, others];
}
