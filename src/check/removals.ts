import { type DFA, isDisjointWith, NFA, type TransitionIterator } from 'refa';
import { type Budget, createBudget, within } from '../compile/budget.ts';
import { maxCharacter } from '../compile/glob.ts';
import { variablesOf } from '../rules/template.ts';
import { collideWithItself, partsIn } from './collisions.ts';
import type { Diagnostic } from './diagnostic.ts';
import { indexByPrefix, mayMeet, type Writer } from './graph.ts';
import {
  concat,
  exampleKey,
  intersect,
  type KeyParts,
  keysOf,
  type Piece,
  piecesOf,
  smallest,
  splitKeys,
  writtenKeys,
} from './language.ts';
import { atTarget, nameObject, nameOutput } from './messages.ts';

/** One mistake tends to repeat itself over all rules. */
const maxFound = 20;

/** States for one output or pair, and for all of them. */
const maxStates = 50_000;
const maxStatesOfAll = 3_000_000;

const tooComplex = 'the globs are too complex to prove that it does not';
const ownHint =
  '{key}, or {dir} and {base} with a "/" or "." between, keep them apart. Where keys have one extension, {name} does so too if names with a dot in front are left out, exclude: "**/.*".';
const otherHint = 'Save them under folders of their own, or with endings of their own.';

/**
 * Refuses outputs that are deleted when their source is, and whose target may be that of another source too. Sound: where
 * none is found, a target has one source alone, and one output that makes it. It may find one that no two objects would
 * ever meet at.
 */
export function findUnsafeRemovals(writers: readonly Writer[]): Diagnostic[] {
  const whole = createBudget(maxStatesOfAll);
  const near = indexByPrefix(writers, ({ prefix }) => prefix);
  const languages = new Map<Writer, NFA>();
  const languageOf = (writer: Writer, budget: Budget) => {
    const language = languages.get(writer) ?? keysOf(writer, budget);
    languages.set(writer, language);
    return language;
  };
  const removing = writers.filter(({ rule }) => rule.onRemove === 'delete');
  const found = removing.flatMap((writer) => {
    const own = within(maxStates, (budget) => explainDoubt(writer, budget), whole) ?? tooComplex;
    if (own !== '') {
      return [describeUnsafe(writer, own, ownHint)];
    }
    for (const other of near(writer.prefix).filter((one) => one !== writer && mayMeet(writer, one))) {
      const explain = (budget: Budget) => {
        const both = intersect(languageOf(writer, budget), languageOf(other, budget), budget);
        const key = exampleKey(both, budget);
        return key === undefined ? '' : `${nameOutput(other)} saves under such keys too, as \`${key}\``;
      };
      const shared = within(maxStates, explain, whole) ?? tooComplex;
      if (shared !== '') {
        return [describeUnsafe(writer, shared, otherHint)];
      }
    }
    return [];
  });
  return found.slice(0, maxFound);
}

function describeUnsafe(writer: Writer, reason: string, hint: string): Diagnostic {
  const message = `\`onRemove: delete\` could take an output of another source along: ${reason}`;
  return atTarget(writer, { severity: 'error', code: 'unsafe-removal', message, hint });
}

/** Says why a key of an output cannot be taken apart in one way only, into all that makes up its source; empty where each can. */
function explainDoubt(writer: Writer, budget: Budget): string {
  const { rule, output } = writer;
  const shown = partsIn({ ...writer, output: withoutB64(output) });
  const isElsewhere = output.target.bucket !== undefined && rule.match.bucket?.length !== 1;
  if (isElsewhere && !shown.includes('bucket')) {
    return describeDoubt(writer);
  }
  const before = NFA.empty({ maxCharacter }, budget.nfa);
  for (const key of splitKeys(rule.keys, budget)) {
    const written = writtenKeys([key], { rule, output }, budget);
    const shared = exampleKey(intersect(before, written, budget), budget);
    const isPlain =
      showsAll(key, shown, budget) && isUnambiguous(piecesOf(key, { rule, output }, budget), budget);
    if (shared !== undefined || !isPlain) {
      return describeDoubt(writer, shared);
    }
    before.union(written, budget.nfa);
  }
  return '';
}

/** Names two sources that share a target, if they are found, or `key`, which two may share. */
function describeDoubt(writer: Writer, key?: string): string {
  const example = within(maxStates, (budget) => collideWithItself(writer, budget));
  const [one, two] = example?.sources ?? [];
  return example && one && two
    ? `${nameObject(one)} and ${nameObject(two)} both become ${nameObject(example.target)}`
    : `two sources may have the same target${key === undefined ? '' : `, such as \`${key}\``}`;
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
  const [first, second] = smallest(piece, budget).wordSets();
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
