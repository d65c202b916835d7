import { describe, expect, it } from 'vitest';
import { fieldsOf, isJsonObject, parseJson, pick } from '../src/json.ts';

describe('JSON from outside', () => {
  it.each([[null], [undefined], ['{"a":1}'], [1], [[{ a: 1 }]]])(
    'JSON from outside has no fields where it is %j',
    (value) => {
      expect(isJsonObject(value)).toBe(false);
      expect(fieldsOf(value)).toEqual({});
      expect(pick(value, 'a')).toBeUndefined();
    },
  );

  it('JSON from outside has the value at a path of names, and undefined where the path breaks', () => {
    const value = { oss: { object: { key: 'a' } } };

    expect(pick(value, 'oss', 'object', 'key')).toBe('a');
    expect(pick(value, 'oss', 'bucket', 'name')).toBeUndefined();
  });

  it('JSON from outside is undefined where it is none, which JSON itself can never be', () => {
    expect(parseJson('{"a":')).toBeUndefined();
    expect(parseJson('null')).toBeNull();
  });
});
