import fc from 'fast-check';
import { Words } from 'refa';
import { describe, expect, it } from 'vitest';
import { parseGlob } from '../../src/compile/glob.ts';
import { matchesKey } from '../../src/rules/key-table.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { matchesNaively } from './naive-glob.ts';
import { languageOf, tableOf } from './tables.ts';

const piece = fc.constantFrom(
  ...[
    'a',
    'b',
    'ab',
    '/',
    '/',
    '.',
    '.jpg',
    '*',
    '*',
    '**',
    '/**/',
    '?',
    '[a-c]',
    '[!b]',
    '[^a/]',
    '[照-照😀]',
  ],
  ...['{a,b}', '{a,}', '{b/*,**}', '{a,{b,照}}', '\\*', '照', '😀', '\uffff', '\n', '-'],
);
const glob = fc
  .array(piece, { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.join(''))
  .filter((text) => parseGlob(text).ok);
const key = fc.oneof(
  fc
    .array(fc.constantFrom('a', 'b', 'c', '/', '/', '.', '.jpg', '*', '照', '😀', '\n', '\0', '-'), {
      maxLength: 8,
    })
    .map((parts) => parts.join('')),
  fc.constantFrom(...hostileKeys.filter((text) => text.length < 100)),
  fc.string({ unit: 'grapheme', maxLength: 6 }).filter((text) => text.isWellFormed()),
);

function firstOf<T>(items: Iterable<T>, count: number): T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.push(item) >= count) {
      break;
    }
  }
  return first;
}

describe('a key table', () => {
  it('a key table takes the keys that a naive matcher takes, excludes taken out', () => {
    fc.assert(
      fc.property(
        fc.array(glob, { minLength: 1, maxLength: 3 }),
        fc.array(glob, { maxLength: 2 }),
        fc.array(key, { minLength: 20, maxLength: 20 }),
        (globs, excludes, keys) => {
          const table = tableOf(globs, excludes);

          for (const text of keys) {
            const isTaken = globs.some((one) => matchesNaively(one, text));
            const isExcluded = excludes.some((one) => matchesNaively(one, text));
            expect([text, matchesKey(table, text)]).toEqual([text, isTaken && !isExcluded]);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('a key table is walked as the automaton that it was written from', () => {
    fc.assert(
      fc.property(glob, fc.array(glob, { maxLength: 1 }), (one, excludes) => {
        const language = languageOf([one], excludes);
        const table = tableOf([one], excludes);
        const words = firstOf(language.wordSets(), 30).map(Words.pickMostReadableWord);

        for (const word of words) {
          expect(matchesKey(table, Words.fromUnicodeToString(word))).toBe(true);
        }
        for (const text of [...hostileKeys, ...words.map((word) => `${Words.fromUnicodeToString(word)}/x`)]) {
          expect(matchesKey(table, text)).toBe(language.test(Words.fromStringToUnicode(text)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a key table has no state from which no key can be reached', () => {
    fc.assert(
      fc.property(glob, glob, (one, exclude) => {
        const { next, accepts, classCount } = tableOf([one], [exclude]);
        const alive = new Set(accepts.flatMap((accept, state) => (accept === 1 ? [state] : [])));
        for (let before = -1; before < alive.size; ) {
          before = alive.size;
          for (const [i, to] of next.entries()) {
            if (alive.has(to)) {
              alive.add(Math.floor(i / classCount));
            }
          }
        }

        expect(accepts.length - alive.size).toBeLessThanOrEqual(alive.size === 0 ? 1 : 0);
      }),
    );
  });

  it('a key table keeps what all keys begin with apart from the automaton', () => {
    expect(tableOf(['uploads/2026/*.jpg', 'uploads/2025/*'])).toMatchObject({ prefix: 'uploads/202' });
    expect(tableOf(['照片/😀*'])).toMatchObject({ prefix: '照片/😀', accepts: [1] });
  });

  it('a key table says what all keys end with', () => {
    const suffixes = [
      tableOf(['uploads/**/*-7.jpg'], ['**/x*']),
      tableOf(['*_t.jpg', '**/a/b_t.jpg']),
      tableOf(['a/{x,y}.😀g']),
      tableOf(['*.jpg', '*.png']),
      tableOf(['**']),
    ].map(({ suffix }) => suffix);

    expect(suffixes).toEqual(['-7.jpg', '_t.jpg', '.😀g', 'g', '']);
  });

  it('a key table never takes half a surrogate pair, which no key holds', () => {
    expect(['**', '?', '[!a]'].map((text) => matchesKey(tableOf([text]), '\ud83d'))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('a key table stays small for globs that people write', () => {
    const table = tableOf(['uploads/**/*.{jpg,jpeg,png,webp,gif}'], ['**/*_thumb.*']);

    expect(table.accepts.length).toBeLessThan(60);
    expect(JSON.stringify(table).length).toBeLessThan(4_000);
  });

  it('a key table is not built where it would be too large', () => {
    expect(() => tableOf([`**a${'?'.repeat(16)}`])).toThrow('too complex');
  });
});
