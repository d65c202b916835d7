import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeComponent, encodePath, encodeQuery } from '../../src/oss/encode.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';

const wellFormed = fc.string({ unit: 'grapheme' });

describe('the encoder', () => {
  it('the encoder leaves only the unreserved characters bare', () => {
    const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join('');

    const bare = encodeComponent(ascii).replace(/%[0-9A-F]{2}/g, '');

    expect(bare).toBe('-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~');
  });

  it('the encoder is undone by percent-decoding, for any text', () => {
    fc.assert(fc.property(wellFormed, (text) => decodeURIComponent(encodeComponent(text)) === text));
  });

  it('the encoder writes the UTF-8 bytes in upper case', () => {
    expect(encodeComponent('中|é')).toBe('%E4%B8%AD%7C%C3%A9');
  });

  it('the encoder refuses half of a surrogate pair, which has no bytes', () => {
    expect(() => encodeComponent('a\ud83d')).toThrow('surrogate');
  });

  it.each(hostileKeys)('the encoder keeps the slashes and segments of %j in a path', (key) => {
    const segments = encodePath(key).split('/');

    expect(segments.map(decodeURIComponent)).toEqual(key.split('/'));
  });

  it('the encoder sorts a query by encoded name and drops the = of an empty value', () => {
    const query = { b: '2', 'a-b': '1 +', a: 'x/y', '|p': '', '+p': '' };

    expect(encodeQuery(query)).toBe('%2Bp&%7Cp&a=x%2Fy&a-b=1%20%2B&b=2');
  });
});
