import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyPrefixes, listingPrefixes } from '../../src/backfill/prefixes.ts';
import { matchesKey } from '../../src/rules/key-table.ts';
import type { Rule } from '../../src/rules/rule-set.ts';
import { tableOf } from '../compile/tables.ts';

const ruleFor = (
  globs: readonly string[],
  buckets: readonly string[] = [],
  excludes: readonly string[] = [],
): Rule => ({
  name: globs.join(),
  match: { keys: tableOf(globs, excludes), buckets, contentTypes: [] },
  outputs: [],
});

describe('the prefixes of a glob', () => {
  it.each<[string, string[], string[]?]>([
    ['uploads/**/*.jpg', ['uploads/']],
    ['{2019,2020,2021}/**', ['2019/', '2020/', '2021/']],
    ['{a,b/{c,d}}/*.png', ['a/', 'b/c/', 'b/d/']],
    ['img-[0-3]*', ['img-0', 'img-1', 'img-2', 'img-3']],
    ['照片/**', ['照片/']],
    ['**/*.jpg', ['']],
    ['*.jpg', ['']],
    ['a?c', ['a']],
    ['one/file.jpg', ['one/file.jpg']],
    ['{a,ab}/x', ['a/x', 'ab/x']],
    ['uploads/**', ['uploads/'], ['uploads/tmp/**']],
  ])('the keys of %s lie under the prefixes %j', (glob, prefixes, excludes = []) => {
    expect(keyPrefixes(tableOf([glob], excludes)).sort()).toEqual(prefixes);
  });

  it('the prefixes of a glob stay few where it has very many alternatives', () => {
    const prefixes = keyPrefixes(tableOf(['photos/[0-9][0-9][0-9][0-9]/*']));

    expect(prefixes).toEqual(Array.from({ length: 10 }, (_, digit) => `photos/${digit}`));
  });

  it('the prefixes of a glob cover every key that it takes', () => {
    const piece = fc.constantFrom('a', 'b/', '{a,b}', '{c/d,e}', '*', '**', '?', '[a-c]', '[!b]', '照');
    const glob = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(''));
    const key = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', '/', '照'), { maxLength: 8 });
    fc.assert(
      fc.property(glob, key, (text, characters) => {
        fc.pre(!text.includes('***'));
        const table = tableOf([text]);
        const name = characters.join('');
        fc.pre(matchesKey(table, name));

        return keyPrefixes(table).some((prefix) => name.startsWith(prefix));
      }),
      { numRuns: 150 },
    );
  });
});

describe('a listing for rules', () => {
  it('a listing for rules has each bucket that a rule names, and the given ones for a rule without', () => {
    const rules = [ruleFor(['a/**'], ['one', 'two']), ruleFor(['b/**'])];

    expect(listingPrefixes(rules, ['three'])).toEqual([
      { bucket: 'one', prefix: 'a/' },
      { bucket: 'three', prefix: 'b/' },
      { bucket: 'two', prefix: 'a/' },
    ]);
  });

  it('a listing for rules has no prefix that lies within another', () => {
    const rules = [ruleFor(['a/b/**', 'a-x/**']), ruleFor(['a/**']), ruleFor(['a/b/c/*'])];

    expect(listingPrefixes(rules, ['one']).map(({ prefix }) => prefix)).toEqual(['a-x/', 'a/']);
  });

  it('a listing for rules has only what lies both under a given prefix and under one of a rule', () => {
    const rules = [ruleFor(['uploads/{2019,2020}/**']), ruleFor(['other/**'])];
    const within = (prefix: string) =>
      listingPrefixes(rules, ['one'], [{ bucket: 'one', prefix }]).map((place) => place.prefix);

    expect(within('uploads/')).toEqual(['uploads/2019/', 'uploads/2020/']);
    expect(within('uploads/2019/05')).toEqual(['uploads/2019/05']);
    expect(within('elsewhere/')).toEqual([]);
  });
});
