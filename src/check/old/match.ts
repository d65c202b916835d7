import type { ObjectEvent } from '../../events/object-event.ts';
import { globAffixes } from './affixes.ts';
import { accepts } from './automaton.ts';
import { createKeyIndex } from './key-index.ts';
import { excludeDfa, keyDfa } from './language.ts';
import { memoise } from './memoise.ts';
import type { Match, Rule, RuleSet } from './rule.ts';

/** Why a rule does not take an object. */
export type Mismatch =
  | 'bucket'
  | 'key'
  | 'excluded'
  | 'too-small'
  | 'too-large'
  | 'size-unknown'
  | 'content-type'
  | 'content-type-unknown';

const takers = memoise(({ rules }: RuleSet) =>
  createKeyIndex(rules, ({ match }) => match.key.map(globAffixes)),
);

/** The rules that may take an object of this key, in their order; the others do not. Cheap with rules by the thousand. */
export function rulesNear(key: string, ruleSet: RuleSet): readonly Rule[] {
  return takers(ruleSet)(key);
}

/**
 * Says why the object does not match, or undefined where it does. Pure; the cheap tests come first, and the
 * cost of the globs grows with the length of the key alone.
 */
export function findMismatch(match: Match, event: ObjectEvent): Mismatch | undefined {
  if (match.bucket.length > 0 && !match.bucket.includes(event.bucket)) {
    return 'bucket';
  }
  if (!match.key.some((glob) => event.key.startsWith(glob.prefix))) {
    return 'key';
  }
  if (!accepts(keyDfa(match), event.key)) {
    return 'key';
  }
  if (match.exclude.length > 0 && accepts(excludeDfa(match), event.key)) {
    return 'excluded';
  }
  return findSizeMismatch(match, event) ?? findContentTypeMismatch(match, event);
}

function findSizeMismatch({ minBytes, maxBytes }: Match, { sizeBytes }: ObjectEvent): Mismatch | undefined {
  if (minBytes === undefined && maxBytes === undefined) {
    return undefined;
  }
  if (sizeBytes === undefined) {
    return 'size-unknown';
  }
  if (minBytes !== undefined && sizeBytes < minBytes) {
    return 'too-small';
  }
  return maxBytes !== undefined && sizeBytes > maxBytes ? 'too-large' : undefined;
}

function findContentTypeMismatch(match: Match, { contentType }: ObjectEvent): Mismatch | undefined {
  if (match.contentType.length === 0) {
    return undefined;
  }
  if (contentType === undefined) {
    return 'content-type-unknown';
  }
  // Parameters such as "; charset=utf-8" say nothing about the kind of object.
  const actual = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  const fits = match.contentType.some((wanted) =>
    wanted.endsWith('/*') ? actual.startsWith(wanted.slice(0, -1)) : actual === wanted,
  );
  return fits ? undefined : 'content-type';
}
