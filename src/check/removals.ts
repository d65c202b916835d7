import { type DFA, FAIterators, isDisjointWith, NFA } from 'refa';
import { type Budget, createBudget, within } from '../compile/budget.ts';
import { maxCharacter } from '../compile/glob.ts';
import { variablesOf } from '../rules/template.ts';
import { collideWithItself, partsOf } from './collisions.ts';
import { type Diagnostic, maxReported } from './diagnostic.ts';
import { indexByPrefix, mayMeet, type Writer } from './graph.ts';
import {
  commonKey,
  concat,
  type KeyParts,
  keysOf,
  piecesOf,
  smallest,
  splitKeys,
  unite,
  writtenKeys,
} from './language.ts';
import { atTarget, nameObject, nameOutput } from './messages.ts';

/** States for one output or pair, and for all of them. */
const maxStates = 50_000;
const maxStatesOfAll = 3_000_000;
const maxStatesOfUnion = 1_000_000;

const tooComplex = 'the globs are too complex to prove that it does not';
const ownHint =
  '{key}, or {dir} and {base} with a "/" or "." between, keep them apart. Where keys have one extension, ' +
  '{name} does so too if names with a dot in front are left out, exclude: "**/.*".';
const otherHint = 'Give them separate folders or different endings.';

/**
 * Refuses outputs that are deleted with their source, if another source may have the same target. Sound: if
 * nothing is reported, each target has one source and one output. It may report a target that no two objects
 * would ever share.
 */
export function findUnsafeRemovals(writers: readonly Writer[]): Diagnostic[] {
  const whole = createBudget(maxStatesOfAll);
  const near = indexByPrefix(writers, ({ prefix }) => prefix);
  const removing = writers.filter(({ rule }) => rule.onRemove === 'delete');
  const canMeet = (writer: Writer) => (one: Writer) => one !== writer && mayMeet(writer, one);
  const met = removing.length > 0 ? writers.filter((one) => near(one.prefix).some(canMeet(one))) : [];
  const areApart = within(maxStatesOfUnion, (budget) => uniteIfApart(met, budget)) !== undefined;
  const found = removing.flatMap((writer) => {
    const others = areApart ? [] : near(writer.prefix).filter(canMeet(writer));
    for (const other of [writer, ...others]) {
      const explain = (budget: Budget) =>
        other === writer ? explainDoubt(writer, budget) : explainSharing(writer, other, budget);
      const reason = within(maxStates, explain, whole) ?? tooComplex;
      if (reason !== '') {
        const message = `\`onRemove: delete\` could delete an output of another source: ${reason}`;
        const hint = other === writer ? ownHint : otherHint;
        return [atTarget(writer, 'error', 'unsafe-removal', message, hint)];
      }
    }
    return [];
  });
  return found.slice(0, maxReported);
}

/** All keys of some outputs, if no two outputs share one. Uniting halves makes thousands of them possible. */
function uniteIfApart(writers: readonly Writer[], budget: Budget): DFA | undefined {
  const [writer, second] = writers;
  if (second === undefined) {
    return writer && smallest(keysOf(writer, budget), budget);
  }
  const middle = writers.length >> 1;
  const first = uniteIfApart(writers.slice(0, middle), budget);
  const rest = first && uniteIfApart(writers.slice(middle), budget);
  return first && rest && isDisjointWith(first, rest) ? unite([first, rest], budget) : undefined;
}

function explainSharing(writer: Writer, other: Writer, budget: Budget): string {
  const key = commonKey(keysOf(writer, budget), keysOf(other, budget), budget);
  return key === undefined ? '' : `${nameOutput(other)} saves under such keys too, as \`${key}\``;
}

/** Says why an output's key does not identify its source; empty if it does. */
function explainDoubt(writer: Writer, budget: Budget): string {
  const { rule, output } = writer;
  const variables = variablesOf(output.target.key.parts);
  // The text in {b64:…} does not show what it was made from.
  const shown = partsOf(variables.filter(({ inB64 }) => !inB64));
  const isElsewhere = output.target.bucket !== undefined && rule.match.bucket?.length !== 1;
  if (isElsewhere && !shown.includes('bucket')) {
    return describeDoubt(writer);
  }
  const before = NFA.empty({ maxCharacter }, budget.nfa);
  for (const key of splitKeys(rule.keys, budget)) {
    const written = writtenKeys([key], writer, budget);
    const shared = commonKey(before, written, budget);
    if (shared !== undefined || !showsAll(key, shown, budget) || !isUnambiguous(key, writer, budget)) {
      return describeDoubt(writer, shared);
    }
    before.union(written, budget.nfa);
  }
  return '';
}

/** Names two sources that share a target, if there is an example, or `key`, which two may share. */
function describeDoubt(writer: Writer, key?: string): string {
  const example = within(maxStates, (budget) => collideWithItself(writer, budget));
  const [one, two] = example?.sources ?? [];
  return example && one && two
    ? `${nameObject(one)} and ${nameObject(two)} both become ${nameObject(example.target)}`
    : `two sources may have the same target${key === undefined ? '' : `, such as \`${key}\``}`;
}

/** Whether the output's key shows each part of the source's key that is not constant. */
function showsAll(key: KeyParts, shown: readonly string[], budget: Budget): boolean {
  const hidden = (['dir', 'name', 'ext'] as const).filter((part) => !shown.includes(part));
  return hidden.every((part) => {
    const piece = key[part];
    return typeof piece === 'string' || isOneWord(smallest(piece, budget));
  });
}

function isOneWord(language: DFA): boolean {
  const [first, second] = language.wordSets();
  return second === undefined && first?.every(({ size }) => size === 1) === true;
}

/** Whether the pieces of an output's key, in order, give each text in one way only. */
function isUnambiguous(key: KeyParts, writer: Writer, budget: Budget): boolean {
  const pieces = piecesOf(key, writer, budget);
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
 * Whether each text of `heads` followed by one of `tails` can be split at one place only. Between two such
 * places is a text that turns one head into another, and that one tail has in front of another.
 */
function meetsInOneWay(heads: DFA, tails: DFA, { nfa }: Budget): boolean {
  const from = (keys: DFA, state: DFA.ReadonlyNode) => ({
    maxCharacter,
    transitionIterator: () => FAIterators.withInitial(keys.transitionIterator(), state),
  });
  const endings = NFA.empty(heads, nfa);
  for (const state of heads.finals) {
    endings.union(from(heads, state), nfa);
  }
  endings.withoutEmptyWord();
  const between = FAIterators.withIsFinal(
    tails.transitionIterator(),
    (state) => !isDisjointWith(from(tails, state), tails),
  );
  const beginnings = NFA.fromTransitionIterator(between, tails, nfa);
  beginnings.withoutEmptyWord();
  return isDisjointWith(endings, beginnings);
}
