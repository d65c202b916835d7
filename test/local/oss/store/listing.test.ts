import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareUtf8, listPage } from '../../../../src/local/oss/store/listing.ts';

/** UTF-16 and UTF-8 put the cat and the wide tilde in another order. */
const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u{1F408}', '\uFF5E'), minLength: 1 });
const keys = fc.uniqueArray(key);
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The content of a listing, computed the slow way: every key grouped, then counted. */
function entriesOf(all: readonly string[], prefix: string, delimiter: string): string[] {
  const entries = all
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      return end < 0 ? key : key.slice(0, end + delimiter.length);
    });
  return [...new Set(entries)].sort(byBytes);
}

describe('sorted keys', () => {
  it('sorted keys are in the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.oneof(key, fc.string({ unit: 'grapheme' })), key, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(byBytes(a, b));
      }),
    );
  });
});

describe('pages', () => {
  it('pages together hold every key and common prefix once, in order, whatever their size', () => {
    const options = fc.record({
      prefix: fc.constantFrom('', 'a', 'a/'),
      delimiter: fc.constantFrom('', '/', 'b', '/a'),
      maxKeys: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(keys, options, (all, { prefix, delimiter, maxKeys }) => {
        const sorted = all.toSorted(byBytes);
        const seen: string[] = [];

        let after: string | undefined = '';
        while (after !== undefined) {
          const page = listPage(sorted, { prefix, delimiter, after, maxKeys });
          expect(page.keys.length + page.prefixes.length).toBeLessThanOrEqual(maxKeys);
          seen.push(...[...page.keys, ...page.prefixes].sort(byBytes));
          after = page.next;
        }

        expect(seen).toEqual(entriesOf(sorted, prefix, delimiter));
      }),
    );
  });

  it('pages begin after a key that need not exist', () => {
    const page = listPage(['a', 'c', 'd'], { prefix: '', delimiter: '', after: 'b', maxKeys: 1 });

    expect(page).toEqual({ keys: ['c'], prefixes: [], next: 'c' });
  });

  it('pages name a common prefix again when they begin inside it', () => {
    const page = listPage(['a/1', 'a/2'], { prefix: '', delimiter: '/', after: 'a/1', maxKeys: 10 });

    expect(page.prefixes).toEqual(['a/']);
  });
});
