import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectEvent } from '../../src/events/object-event.ts';
import { isOwnOutput } from '../../src/pipeline/guard.ts';
import { plan } from '../../src/pipeline/plan.ts';
import { findMismatch, rulesNear } from '../../src/rules/match.ts';
import { parseRules, type RuleSet } from '../../src/rules/rule.ts';

const eventName = 'ObjectCreated:PutObject';
const eventTime = '2026-03-11T06:21:35Z';

function ruleSet(keys: readonly (string | string[])[], target = 'derived/{rule}/{key}'): RuleSet {
  const outputs = [{ style: 'image/info', target: { key: target } }];
  const parsed = parseRules({ rules: keys.map((key, i) => ({ name: `r${i}`, match: { key }, outputs })) });
  if (!parsed.ok) {
    throw new Error(parsed.issues.map(({ message }) => message).join('\n'));
  }
  return parsed.rules;
}

const upload = (key: string): ObjectEvent => ({ bucket: 'photos', key, eventName, eventTime });

/** Enough rules that they are looked up, of every kind of beginning and end. */
const piece = fc.constantFrom('a', 'b', '*', '**', '?', '{a,b}', '{a*,b}', '[ab]', '/', '.', '花', '😀');
const glob = fc
  .array(piece, { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.join('').replace(/^\/+|\*{3,}/g, 'a'));
const keyPiece = fc.constantFrom('a', 'b', '/', '.', '花', '😀');
const key = fc.array(keyPiece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(''));

describe('rules by the hundred', () => {
  it('are found just as when each is asked, in their order', () => {
    fc.assert(
      fc.property(fc.array(glob, { minLength: 20, maxLength: 30 }), key, (globs, name) => {
        const rules = ruleSet(globs);
        const takes = ({ match }: RuleSet['rules'][number]) =>
          findMismatch(match, upload(name)) === undefined;

        expect(rulesNear(name, rules).filter(takes)).toEqual(rules.rules.filter(takes));
      }),
    );
  });

  it('are not all asked', () => {
    const rules = ruleSet(Array.from({ length: 1_000 }, (_, i) => [`team-${i}/**`, `all/*-${i}.jpg`]));

    expect(rulesNear('team-7/a.jpg', rules).map(({ name }) => name)).toEqual(['r7']);
    expect(rulesNear('all/a-12.jpg', rules).map(({ name }) => name)).toEqual(['r12']);
    expect(rulesNear('other', rules)).toEqual([]);
  });

  it('are guarded against their own outputs like a few are', () => {
    const rules = ruleSet(
      Array.from({ length: 100 }, (_, i) => `**/*-${i}`),
      'out/{key}',
    );
    const [rule] = rules.rules.filter(({ name }) => name === 'r7');

    expect(rule && isOwnOutput(rule, upload('out/a-7'), rules)).toBe(true);
    expect(rule && isOwnOutput(rule, upload('in/a-7'), rules)).toBe(false);
    expect(plan({ kind: 'object', event: upload('out/a-7') }, rules)).toMatchObject([
      { status: 'skipped', reason: 'own-output', rule: 'r7' },
    ]);
  });
});
