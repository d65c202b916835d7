import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventError } from '../../src/events/object-event.ts';
import { parseEvent } from '../../src/events/parse.ts';
import { keysOf, parse, sample } from './samples.ts';

describe('bad bytes', () => {
  it.each([
    '',
    ' ',
    'hello',
    '{"events":',
    '\u0000',
    'eyJ4Ijo=',
    '"',
    '12',
    '[[[[[[[[[[[[]]]]]]]]]]]]',
    '[null]',
  ])('the bytes %j are refused with one clear error', (text) => {
    expect(() => parseEvent(Buffer.from(text))).toThrow(EventError);
  });

  it.each(['', '<html>', 'uploads/a.jpg'])('the bytes %j, which are no JSON, are quoted', (text) => {
    const message = `the event: received ${JSON.stringify(text)}, which is no JSON`;
    expect(() => parseEvent(Buffer.from(text))).toThrow(message);
  });

  it('a value that is refused is quoted as far as sixty characters, or named by its fields as far as 200', () => {
    const fields = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`field${i}`, i]));

    expect(() => parse('x'.repeat(1_000))).toThrow(`received "${'x'.repeat(59)}, which`);
    expect(() => parse([fields])).toThrow(
      /\[0\]: received an object with field0, field1, [^;.]{184}\. Understood/,
    );
  });

  it('records that are all wrong are named as far as five, and the others counted', () => {
    const events = (count: number) => ({ events: Array.from({ length: count }, () => ({ oss: {} })) });

    expect(() => parse(events(5))).toThrow(/events\[4\]\.eventName: [^;(]+\. Understood/);
    expect(() => parse(events(7))).toThrow(/events\[4\]\.eventName: [^;]+ \(and 2 more\)\. Understood/);
  });

  it('bytes that are nested beyond any real envelope are refused', () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? { bucket: 'b', key: 'k' } : [nested(depth - 1)];

    expect(keysOf(parse(nested(8)))).toEqual(['b/k']);
    expect(() => parse(nested(9))).toThrow('nested more than 9 deep');
  });

  it('bytes whose envelopes are texts are refused beyond five of them', () => {
    const nested = (depth: number): unknown =>
      depth === 0
        ? { bucket: 'b', key: 'k' }
        : { TopicOwner: '1', Message: JSON.stringify(nested(depth - 1)) };

    expect(keysOf(parse(nested(4)))).toEqual(['b/k']);
    expect(() => parse(nested(5))).toThrow('nested more than 9 deep');
  });

  it('a million nulls are refused without a record for each of them', () => {
    const nulls = Buffer.from(`[${Array(1_000_000).fill('null').join(',')}]`);
    const before = process.memoryUsage().heapUsed;

    expect(() => parseEvent(nulls)).toThrow('more than 10000 records');
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64e6);
  });

  it('too many records are refused, in lists of lists too', () => {
    expect(() => parse(Array(101).fill(Array(100).fill(null)))).toThrow('more than 10000 records');
  });

  it('too many keys of one manual event are refused', () => {
    const keys = (count: number) => ({ bucket: 'b', keys: Array(count).fill('k') });

    expect(parse(keys(10_000))).toHaveLength(10_000);
    expect(() => parse(keys(10_001))).toThrow('more than 10000 records');
  });

  it('bad bytes of any kind never raise anything but an EventError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.base64String()), fc.nat(), (text, cut) => {
        const mutated = JSON.stringify(sample('native-put').event).split('');
        mutated.splice(cut % mutated.length, 1, text.slice(0, 3));
        for (const bytes of [Buffer.from(text), Buffer.from(mutated.join(''))]) {
          try {
            expect(parseEvent(bytes).length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(EventError);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
