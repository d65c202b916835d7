import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accepts, findCommonWord, sequence, toDfa } from '../../../src/check/old/automaton.ts';
import { parseGlob } from '../../../src/check/old/glob.ts';
import { excludeDfa, feeds, keyDfa, outputDfa } from '../../../src/check/old/language.ts';
import { parseRules, type Rule } from '../../../src/check/old/rule.ts';
import { render, splitKey } from '../../../src/rules/template.ts';

function ruleOf(match: object, target: object, vary?: object): Rule {
  const outputs = [{ style: 'image/resize,w_100', target, ...(vary && { vary }) }];
  const parsed = parseRules({ rules: [{ name: 'r', match, outputs }] });
  const [rule] = parsed.ok ? parsed.rules.rules : [];
  if (rule === undefined) {
    throw new Error(JSON.stringify(parsed));
  }
  return rule;
}

function globDfa(text: string) {
  const parsed = parseGlob(text);
  return toDfa(sequence(parsed.ok ? parsed.glob.nodes : []));
}

const globs = [
  'uploads/**/*.jpg',
  '**/*.{jpg,png}',
  'a/*',
  '*',
  'photos/[a-c]*/**',
  '**',
  'x/?.jpg',
  'in/**/raw/*.x.y',
];
const targets = [
  'derived/{dir}/{name}-t.webp',
  '{dir}/{base}.webp',
  '{name}/{ext}/{rule}',
  'out/{key}',
  '{dir}{name}',
  '{bucket}/{yyyy}-{mm}-{dd}/{base}',
  'x{dir}/y/{dir}/{name}.{ext}',
];

/** Keys that the globs above can match, and near misses. */
const key = fc
  .array(fc.constantFrom('uploads', 'photos', 'a', 'in', 'raw', 'x', 'b1', 'c', '.', '..', '花'), {
    maxLength: 4,
  })
  .chain((dirs) =>
    fc
      .tuple(fc.constantFrom('k', '.k', 'k.x', 'a.b.c', ''), fc.constantFrom('.jpg', '.png', '', '.', '.x.y'))
      .map(([name, ext]) => [...dirs, name + ext].join('/')),
  )
  .filter((text) => text !== '' && !text.startsWith('/'));

describe('the language of an output', () => {
  it('holds every key that the rule can really write', () => {
    fc.assert(
      fc.property(fc.constantFrom(...globs), fc.constantFrom(...targets), key, (glob, target, source) => {
        const rule = ruleOf({ key: glob, bucket: 'src-bucket' }, { key: target, bucket: 'dst-bucket' });
        const [output] = rule.outputs;
        fc.pre(output !== undefined && accepts(keyDfa(rule.match), source));
        const values = {
          ...splitKey(source),
          key: source,
          rule: 'r',
          bucket: 'src-bucket',
          yyyy: '2026',
          mm: '01',
          dd: '31',
        };

        const written = output === undefined ? '' : render(output.target.key.parts, values);

        expect(output && accepts(outputDfa(output, rule), written)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['uploads/**/*.jpg', '{dir}/{name}.webp', 'uploads/a/b.webp', true],
    ['uploads/**/*.jpg', '{dir}/{name}.webp', 'other/b.webp', false],
    ['uploads/**/*.jpg', 'x/{name}.webp', 'x/a/b.webp', false],
    ['uploads/**/*.{jpg,png}', 'x/{name}.{ext}', 'x/a.png', true],
    ['uploads/**/*.{jpg,png}', 'x/{name}.{ext}', 'x/a.gif', false],
    ['**/*.jpg', '{dir}/{name}', 'a.jpg', true], // a.jpg.jpg writes it
    ['*.jpg', '{dir}/{name}_t.jpg', 'a_t.jpg', true],
    ['*.jpg', '{dir}/{name}_t.jpg', 'b/a_t.jpg', false],
    ['*.jpg', 'd/{etag}.jpg', 'd/7D73E1052AF595535DE90994F4C3E6D5.jpg', true],
    ['*.jpg', 'd/{etag}.jpg', 'd/cat.jpg', false],
  ])('of %s to %s holds %s: %s', (glob, target, written, expected) => {
    const rule = ruleOf({ key: glob }, { key: target });
    const [output] = rule.outputs;

    expect(output && accepts(outputDfa(output, rule), written)).toBe(expected);
  });

  it('holds exactly the values of a varied variable', () => {
    const rule = ruleOf({ key: 'a/*' }, { key: 'd/{name}-{w}' }, { w: [320, 640] });
    const [output] = rule.outputs;
    const holds = (text: string) => output && accepts(outputDfa(output, rule), text);

    expect([holds('d/x-320'), holds('d/x-640'), holds('d/x-64')]).toEqual([true, true, false]);
  });
});

describe('one rule feeds another', () => {
  it.each([
    ['a/*', { key: 'b/{base}' }, { key: 'b/*' }, true],
    ['a/*', { key: 'b/{base}' }, { key: 'c/*' }, false],
    ['a/*', { key: 'b/{base}' }, { key: 'b/*/*' }, false],
    ['a/*.jpg', { key: 'b/{name}.webp' }, { key: '**/*.jpg' }, false],
    ['**/*.jpg', { key: '{dir}/{name}_t.jpg' }, { key: '**/*.jpg' }, true],
    ['**/*.jpg', { key: '{dir}/{name}_t.jpg' }, { key: '**/*.jpg', exclude: '**/*_t.jpg' }, false],
    ['**', { key: '{key}', bucket: 'other-bucket' }, { key: '**', bucket: 'this-bucket' }, false],
    ['**', { key: '{key}', bucket: 'other-bucket' }, { key: '**' }, true],
  ])('%s → %o → %o: %s', (glob, target, match, expected) => {
    expect(feeds(ruleOf({ key: glob }, target), ruleOf(match, { key: 'z/{base}' }))).toBe(expected);
  });
});

describe('a search for a common key', () => {
  it('finds a shortest one, and only what every glob takes and no excluded one does', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...globs),
        fc.constantFrom(...globs),
        fc.constantFrom(...globs),
        (a, b, not) => {
          const common = findCommonWord([globDfa(a), globDfa(b)], [globDfa(not)]);

          if (common.found === 'word') {
            expect(accepts(globDfa(a), common.word) && accepts(globDfa(b), common.word)).toBe(true);
            expect(accepts(globDfa(not), common.word)).toBe(false);
          } else {
            expect(common.found).toBe('none');
          }
        },
      ),
    );
  });

  it('rules out what no key can be', () => {
    expect(findCommonWord([globDfa('a/*'), globDfa('b/*')], [])).toEqual({ found: 'none' });
    expect(findCommonWord([globDfa('**/*.jpg')], [globDfa('**')])).toEqual({ found: 'none' });
    expect(findCommonWord([globDfa('up/*.jpg'), globDfa('**/a*')], [])).toEqual({
      found: 'word',
      word: 'up/a.jpg',
    });
  });

  it('gives up rather than hang on sets too complex to tell apart', () => {
    const hard = globDfa(`**a${'?'.repeat(40)}`);
    const harder = globDfa(`**b${'?'.repeat(41)}`);

    expect(findCommonWord([hard, harder], [globDfa('**')]).found).not.toBe('word');
  });
});

describe('an exclude', () => {
  it('takes out what it names', () => {
    const rule = ruleOf({ key: '**', exclude: ['tmp/**', '*.x'] }, { key: 'd/{base}' });

    expect(['tmp/a', 'a.x', 'b/a.x'].map((text) => accepts(excludeDfa(rule.match), text))).toEqual([
      true,
      true,
      false,
    ]);
  });
});
