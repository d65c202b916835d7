import { DFA, isDisjointWith, NFA, type TransitionIterator } from 'refa';
import { type Budget, createBudget, within } from '../compile/budget.ts';
import { maxCharacter } from '../compile/glob.ts';
import { toKeyTable } from '../compile/key-table.ts';
import { variablesOf } from '../rules/template.ts';
import { type Collision, collideWithItself, keysOf, partsIn } from './collisions.ts';
import { bucketsMeet, indexByPrefix, type Writer } from './graph.ts';
import {
  concat,
  exampleKey,
  intersect,
  type KeyParts,
  type Piece,
  piecesOf,
  regular,
  sourceKeys,
  splitKeys,
  without,
  writtenKeys,
} from './language.ts';

/** An output that is deleted with its source, although another source may have the same one. */
export type UnsafeRemoval =
  /**
   * Two sources of its own rule may share a target: its `key` and the two are given where they are easily found.
   * `isOfDotNames` tells that there are no such sources but those whose names begin with a dot.
   */
  | {
      kind: 'own';
      writer: Writer;
      key?: string | undefined;
      example?: Collision | undefined;
      isOfDotNames: boolean;
    }
  /** `other` may save under `key` as well. */
  | { kind: 'other'; writer: Writer; other: Writer; key: string }
  /** Nothing could be told within the budget. */
  | { kind: 'too-complex'; writer: Writer };

/** One mistake tends to repeat itself over all rules. */
const maxFound = 20;

/** States for one output or pair, and for all of them. */
const maxStates = 50_000;
const maxStatesOfAll = 3_000_000;

/**
 * Finds outputs that are deleted when their source is, and whose target may be that of another source too. Sound: where
 * none is found, a target has one source alone, and one output that makes it. It may find one that no two objects would
 * ever meet at.
 */
export function findUnsafeRemovals(writers: readonly Writer[]): UnsafeRemoval[] {
  const whole = createBudget(maxStatesOfAll);
  const near = indexByPrefix(writers, ({ prefix }) => prefix);
  const languageOf = createLanguages(whole);
  const found: UnsafeRemoval[] = [];
  for (const writer of writers.filter(({ rule }) => rule.onRemove === 'delete')) {
    const others = near(writer.prefix).filter((other) => other !== writer && mayMeet(writer, other));
    const unsafe =
      examineItself(writer, createBudget(maxStates, whole)) ??
      firstOf(others, (other) => examinePair([writer, other], languageOf, createBudget(maxStates, whole)));
    if (unsafe !== undefined && found.push(unsafe) >= maxFound) {
      break;
    }
  }
  return found;
}

function firstOf<T, R>(items: readonly T[], look: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function mayMeet(one: Writer, other: Writer): boolean {
  return mayEnd(one.suffix, other.suffix) && bucketsMeet(one.buckets, other.buckets);
}

/** All keys of an output, and how they begin and end. */
interface WriterLanguage {
  keys: DFA;
  prefix: string;
  suffix: string;
}

type LanguageOf = (writer: Writer) => WriterLanguage | undefined;

/** Makes a function that gives the language of an output, which is built once; undefined where it is too complex. */
function createLanguages(whole: Budget): LanguageOf {
  const known = new Map<Writer, WriterLanguage | undefined>();
  return (writer) => {
    if (!known.has(writer)) {
      const language = within(createBudget(maxStates, whole), (budget) => {
        const keys = smallest(keysOf(writer, budget), budget);
        const { prefix, suffix } = toKeyTable(keys);
        return { keys, prefix, suffix };
      });
      known.set(writer, language);
    }
    return known.get(writer);
  };
}

function examinePair(
  [writer, other]: readonly [Writer, Writer],
  languageOf: LanguageOf,
  budget: Budget,
): UnsafeRemoval | undefined {
  const [one, two] = [languageOf(writer), languageOf(other)];
  if (one === undefined || two === undefined) {
    return { kind: 'too-complex', writer };
  }
  if (!mayBegin(one.prefix, two.prefix) || !mayEnd(one.suffix, two.suffix)) {
    return undefined;
  }
  const shared = within(budget, () => ({ key: exampleKey(intersect(one.keys, two.keys, budget), budget) }));
  if (shared === undefined) {
    return { kind: 'too-complex', writer };
  }
  return shared.key === undefined ? undefined : { kind: 'other', writer, other, key: shared.key };
}

const mayBegin = (a: string, b: string) => a.startsWith(b) || b.startsWith(a);
const mayEnd = (a: string, b: string) => a.endsWith(b) || b.endsWith(a);

function examineItself(writer: Writer, budget: Budget): UnsafeRemoval | undefined {
  const doubt = within(budget, () => findDoubt(writer, budget));
  if (doubt === undefined) {
    return { kind: 'too-complex', writer };
  }
  if (doubt === 'none') {
    return undefined;
  }
  const isOfDotNames =
    within(createBudget(maxStates), (more) => findDoubt(narrow(writer, without, more), more)) === 'none';
  const example = within(createBudget(maxStates), (more) =>
    collideWithItself(isOfDotNames ? narrow(writer, intersect, more) : writer, more),
  );
  return { kind: 'own', writer, key: doubt.key, example, isOfDotNames };
}

/** The output of those keys alone whose last name begins with a dot, or of all others. */
function narrow(writer: Writer, by: (keys: DFA, others: NFA, budget: Budget) => DFA, budget: Budget): Writer {
  const keys = by(writer.rule.keys, regular('(?:[^]*/)?\\.[^/]*', budget), budget);
  return { ...writer, rule: { ...writer.rule, keys } };
}

/** A reason to think that two sources may share a target, with that target's key where it is known. */
type Doubt = { key?: string | undefined };

/** Tells whether each key of an output can be taken apart in one way only, into all that makes up its source. */
function findDoubt(writer: Writer, budget: Budget): Doubt | 'none' {
  const { rule, output } = writer;
  const shown = partsIn({ ...writer, output: withoutB64(output) });
  const isElsewhere = output.target.bucket !== undefined && rule.match.bucket?.length !== 1;
  if (isElsewhere && !shown.includes('bucket')) {
    return {};
  }
  const before = NFA.empty({ maxCharacter }, budget.nfa);
  for (const key of splitKeys(sourceKeys(rule, budget), budget)) {
    const written = writtenKeys([key], { rule, output }, budget);
    const shared = exampleKey(intersect(before, written, budget), budget);
    const isPlain =
      showsAll(key, shown, budget) && isUnambiguous(piecesOf(key, { rule, output }, budget), budget);
    if (shared !== undefined || !isPlain) {
      return { key: shared };
    }
    before.union(written, budget.nfa);
  }
  return 'none';
}

/** The output as if it had nothing in `{b64:…}`, whose text does not show what it was made of. */
function withoutB64(output: Writer['output']): Writer['output'] {
  const { key } = output.target;
  const parts = key.parts.filter((part) => part.kind !== 'b64' || variablesOf([part]).length === 0);
  return { ...output, target: { ...output.target, key: { ...key, parts } } };
}

/** Whether each part of the source's key stands in the key of the output, but for those that are always the same. */
function showsAll(key: KeyParts, shown: readonly string[], budget: Budget): boolean {
  const hidden = (['dir', 'name', 'ext'] as const).filter((part) => !shown.includes(part));
  return hidden.every((part) => isOneWord(key[part], budget));
}

function isOneWord(piece: Piece, budget: Budget): boolean {
  if (typeof piece === 'string') {
    return true;
  }
  const words = DFA.fromFA(piece, budget.dfa);
  words.minimize();
  const [first, second] = words.wordSets();
  return second === undefined && first?.every(({ size }) => size === 1) === true;
}

/** Whether no text can be put together of the pieces, in their order, in two ways. */
function isUnambiguous(pieces: readonly Piece[], budget: Budget): boolean {
  return pieces.every((piece, i) => {
    const before = pieces.slice(0, i);
    return (
      typeof piece === 'string' ||
      before.every((one) => typeof one === 'string') ||
      meetsInOneWay(smallest(concat(before, budget), budget), smallest(piece, budget), budget)
    );
  });
}

function smallest(language: NFA, budget: Budget): DFA {
  const deterministic = DFA.fromFA(language, budget.dfa);
  deterministic.minimize();
  return deterministic;
}

/**
 * Whether each text of `heads` followed by one of `tails` can be cut into the two at one place only. Where there are two
 * places, the text between them ends one head behind another, and begins one tail before another.
 */
function meetsInOneWay(heads: DFA, tails: DFA, budget: Budget): boolean {
  const endings = NFA.empty(heads, budget.nfa);
  const { getOut, isFinal } = heads.transitionIterator();
  for (const state of heads.finals) {
    endings.union(
      NFA.fromTransitionIterator({ initial: state, getOut, isFinal }, heads, budget.nfa),
      budget.nfa,
    );
  }
  endings.withoutEmptyWord();
  const whole = tails.transitionIterator();
  const isBetween = (state: DFA.ReadonlyNode) => !isDisjointWith(startingAt(state, whole), tails);
  const beginnings = NFA.fromTransitionIterator({ ...whole, isFinal: isBetween }, tails, budget.nfa);
  beginnings.withoutEmptyWord();
  return isDisjointWith(endings, beginnings);
}

function startingAt(initial: DFA.ReadonlyNode, whole: TransitionIterator<DFA.ReadonlyNode>) {
  return { maxCharacter, transitionIterator: () => ({ ...whole, initial }) };
}
