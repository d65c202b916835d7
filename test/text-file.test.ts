import { describe, expect, it } from 'vitest';
import { decodeText, parseJsonText } from '../src/text-file.ts';

describe('a text that is read', () => {
  it('a text that is read may begin with a byte order mark', () => {
    expect(decodeText(Buffer.from('\ufeffa: 版权'), 'a.yaml')).toBe('a: 版权');
  });

  it.each([
    [
      'GBK',
      [0x61, 0x0a, 0x74, 0x3a, 0xb0, 0xe6, 0xc8, 0xa8],
      '2:3 is not UTF-8: the byte 0xB0 is not allowed here',
    ],
    ['Shift JIS', [0xe7, 0x89, 0x88, 0x93, 0xfa], '1:2 is not UTF-8: the byte 0x93 is not allowed here'],
    ['UTF-16', [0xff, 0xfe, 0x61, 0x00], '1:1 is not UTF-8: the byte 0xFF is not allowed here'],
    [
      'UTF-16 without its mark',
      [0x61, 0x00, 0x62, 0x00],
      '1:2 is not UTF-8: the byte 0x00 is not allowed here',
    ],
    ['a character cut off', [0x61, 0xe7, 0x89], '1:2 is not UTF-8'],
  ])('a text that is read is refused by its name in %s, with the place', (_, bytes, message) => {
    expect(() => decodeText(Uint8Array.from(bytes), 'a.yaml')).toThrow(`a.yaml:${message}`);
  });
});

describe('a JSON text', () => {
  it.each([
    ['{\n  "a": 1\n  "b": 2\n}', 'a.json:3:3: expected JSON: '],
    ['{"a": 1,}', 'a.json:1:9: expected JSON: '],
    ['{"a":\n', 'a.json:2:1: expected JSON: Unexpected end of JSON input.'],
    ['', 'a.json:1:1: expected JSON: Unexpected end of JSON input.'],
    ['hello', 'a.json: expected JSON: Unexpected token'],
  ])('a JSON text that is %j is refused with its place', (text, message) => {
    expect(() => parseJsonText(text, 'a.json')).toThrow(message);
  });
});
