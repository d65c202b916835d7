import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/check/diagnostic.ts';
import { checkStyle } from '../../src/style/check.ts';
import { generatedStyles } from './generated-styles.ts';

describe('any style made from the catalog', () => {
  it('any style made from the catalog raises no error', () => {
    fc.assert(
      fc.property(generatedStyles, ({ text }) => {
        const errors = checkStyle(text).filter(({ severity }) => severity === 'error');
        expect(errors).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('any style made from the catalog raises a diagnostic at the place of the one parameter that is corrupted', () => {
    const withParameter = generatedStyles.filter(({ text, corrupted }) => text !== corrupted);

    fc.assert(
      fc.property(withParameter, ({ corrupted, offset }) => {
        const end = corrupted.indexOf(',', offset);
        const stop = end === -1 ? corrupted.length : end;
        const diagnostics = checkStyle(corrupted).filter(({ severity }) => severity !== 'note');
        const isThere = ({ span = { offset: -1, length: 0 } }: Diagnostic) =>
          span.offset >= offset && span.offset + span.length <= stop;
        const isMissing = corrupted.slice(offset, stop) === '';
        expect(isMissing ? diagnostics.length : diagnostics.filter(isThere).length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('any style made from the catalog is judged whatever the text, without a throw, inside its bounds', () => {
    const word = fc.constantFrom(
      ...'|/,_@='.split(''),
      'image',
      'resize',
      'w',
      '100',
      'watermark',
      'image',
      '汉',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 30 }).map((words) => words.join('')),
    );

    fc.assert(
      fc.property(text, (style) => {
        const places = checkStyle(style).map(({ span }) => [
          span?.offset ?? -1,
          (span?.offset ?? 0) + (span?.length ?? 0),
        ]);

        expect(places.flat().every((place) => place >= 0 && place <= style.length)).toBe(true);
      }),
    );
  });
});
