import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRules } from '../../src/compile/compile.ts';
import { parseGlob } from '../../src/compile/glob.ts';
import { matchesKey } from '../../src/rules/key-table.ts';
import { tableOf } from './tables.ts';

const matches = (glob: string, key: string) => matchesKey(tableOf([glob]), key);

describe('a glob', () => {
  it.each([
    ['uploads/*.jpg', 'uploads/a.jpg', true],
    ['uploads/*.jpg', 'uploads/.jpg', true],
    ['uploads/*.jpg', 'uploads/2026/a.jpg', false],
    ['uploads/*.jpg', 'other/uploads/a.jpg', false],
    ['uploads/**/*.jpg', 'uploads/a.jpg', true],
    ['uploads/**/*.jpg', 'uploads/2026/11/a.jpg', true],
    ['uploads/**', 'uploads/2026/a', true],
    ['uploads/**', 'uploads', false],
    ['**/*.jpg', 'a.jpg', true],
    ['**/*.jpg', 'x/y/a.jpg', true],
    ['**', 'any/thing', true],
    ['a**z', 'a/b/z', true],
    ['**/raw/**', 'x/raw/y/z', true],
    ['**/raw/**', 'raw/z', true],
    ['**/raw/**', 'draw/z', false],
    ['img-?.png', 'img-7.png', true],
    ['img-?.png', 'img-😀.png', true],
    ['img-?.png', 'img-/.png', false],
    ['*.{jpg,jpeg}', 'a.jpeg', true],
    ['*.{jpg,jpeg}', 'a.png', false],
    ['{a,b/{c,d}}/*', 'b/d/x', true],
    ['*.{jpg,}', 'a.', true],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[!a-c]x', '/x', false],
    ['[]x', ']x', undefined],
    ['[a-]x', '-x', true],
    ['照片/*.jpg', '照片/花.jpg', true],
    ['[一-龥].jpg', '花.jpg', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['[*]{,}', '*', true],
    ['a,b', 'a,b', true],
    ['*.JPG', 'a.jpg', false],
    ['a+b (1)%20|.jpg', 'a+b (1)%20|.jpg', true],
  ])('a glob %s takes the key %s: %s', (glob, key, expected) => {
    if (expected === undefined) {
      expect(parseGlob(glob).ok).toBe(false);
    } else {
      expect(matches(glob, key)).toBe(expected);
    }
  });

  it.each([
    ['uploads/**/*.{jpg,jpeg}', 'uploads/IMG_0001.JPG', true],
    ['uploads/**/*.{jpg,jpeg}', 'uploads/a/B.jpeG', true],
    ['uploads/**/*.{jpg,jpeg}', 'UPLOADS/a.jpg', false],
    ['uploads/Raw-*.dng', 'uploads/rAW-1.DNG', true],
    ['**/[a-c].ÄÖ', 'B.äö', true],
    ['a\\*B', 'A*b', true],
    ['logo.png', 'Logo.PNG', true],
  ])('a glob of a rule that ignores case, %s on %s: %s', (glob, key, expected) => {
    const text = `rules:
  - name: a
    match: { key: ${JSON.stringify(glob)}, ignoreCase: true }
    outputs: [{ style: "image/resize,w_1", target: { key: "out/{base}" } }]`;
    const compiled = compileRules(text, 'rules.yaml');
    const [rule] = compiled.ok ? compiled.ruleSet.rules : [];

    expect(rule && matchesKey(rule.match.keys, key)).toBe(expected);
  });

  it('a glob that a rule excludes ignores case with it', () => {
    const text = `rules:
  - name: a
    match: { key: "up/**", exclude: "**/*.tmp", ignoreCase: true }
    outputs: [{ style: "image/resize,w_1", target: { key: "out/{base}" } }]
  - name: b
    match: { key: "up/**", exclude: "**/*.tmp" }
    outputs: [{ style: "image/resize,w_1", target: { key: "other/{base}" } }]`;
    const compiled = compileRules(text, 'rules.yaml');
    const rules = compiled.ok ? compiled.ruleSet.rules : [];

    expect(rules.map(({ match }) => matchesKey(match.keys, 'up/a.TMP'))).toEqual([false, true]);
  });

  it('a glob takes any text literally once its special characters are escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (key) => {
        fc.pre(!/\p{Cs}/u.test(key));
        const escaped = key.replace(/[*?[\]{},\\]/g, '\\$&');

        expect(matches(escaped, key)).toBe(true);
        expect(matches(escaped, `${key}x`)).toBe(false);
      }),
    );
  });

  it.each([
    ['', 0],
    ['a{b', 1],
    ['a}b', 1],
    ['a[b', 1],
    ['a[]', 1],
    ['[z-a]', 0],
    ['a***', 1],
    ['abc\\', 3],
    ['{'.repeat(9) + '}'.repeat(9), 8],
    ['x'.repeat(1_025), 1_024],
  ])('the glob %j is refused at the character that is wrong', (glob, offset) => {
    expect(parseGlob(glob)).toMatchObject({ ok: false, offset });
  });

  it('a glob answers at once for a pattern that makes backtracking matchers hang', () => {
    const glob = `${'*a'.repeat(40)}b`;

    expect(matches(glob, 'a'.repeat(1_023))).toBe(false);
    expect(matches(`${'{a,*}'.repeat(60)}b`, 'a'.repeat(1_023))).toBe(false);
  });
});
