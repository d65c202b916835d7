import { describe, expect, it } from 'vitest';
import type { Issue } from '../../../src/check/old/issue.ts';
import {
  array,
  either,
  number,
  object,
  oneOrMany,
  optional,
  record,
  refine,
  type Schema,
  text,
  toJsonSchema,
} from '../../../src/check/old/schema.ts';

const word = text({ description: 'A word.', expected: 'a word', pattern: /^\w+$/, examples: ['cat'] });
const count = number({ description: 'A count.', expected: 'a count', minimum: 0 });
const pet = object({
  name: word,
  age: optional(either(count, word, 'The age.')),
  toys: optional(oneOrMany(word, 'Toys.')),
});

function read<T>(schema: Schema<T>, input: unknown): { value: T | undefined; issues: Issue[] } {
  const issues: Issue[] = [];
  return { value: schema.parse(input, [], issues), issues };
}

const messages = (schema: Schema<unknown>, input: unknown) =>
  read(schema, input).issues.map(({ message }) => message);

describe('a schema', () => {
  it('reads what fits and keeps its type', () => {
    const { value, issues } = read(pet, { name: 'tom', age: 3, toys: 'ball' });

    expect(issues).toEqual([]);
    expect(value).toEqual({ name: 'tom', age: 3, toys: ['ball'] });
    expect(value?.toys?.map((toy) => toy?.length)).toEqual([4]);
  });

  it('reports every issue at once, each with its path', () => {
    const found = messages(array(pet, { minItems: 1 }), [
      { nam: 'tom' },
      { name: 1, age: -1, toys: [] },
      'cat',
    ]);

    expect(found).toEqual([
      '[0].nam: expected one of name, age, toys, received "nam" (did you mean "name"?)',
      '[0].name: expected a word, received nothing',
      '[1].name: expected a word, received 1',
      '[1].age: expected a count or a word, received -1',
      '[1].toys: expected a list of one or more, each item a word, received an empty list',
      '[2]: expected an object with name, received "cat"',
    ]);
  });

  it('keeps what could be read beside what could not', () => {
    const { value, issues } = read(array(word, { minItems: 0 }), ['a', 'no word', 'b']);

    expect(value).toEqual(['a', undefined, 'b']);
    expect(issues.map(({ path }) => path)).toEqual([[1]]);
  });

  it('guesses a misspelt field only where one is close', () => {
    const found = messages(pet, { name: 'tom', Ages: 1, colour: 'red' });

    expect(found[0]).toContain('(did you mean "age"?)');
    expect(found[1]).toBe('colour: expected one of name, age, toys, received "colour"');
  });

  it('takes names such as __proto__ for plain unknown fields', () => {
    const input: unknown = JSON.parse('{"name": "tom", "__proto__": {"age": 1}, "constructor": 1}');

    const { value, issues } = read(pet, input);

    expect(issues.map(({ path }) => path)).toEqual([['__proto__'], ['constructor']]);
    expect(value?.age).toBeUndefined();
  });

  it('passes on the offset of what a refinement refuses', () => {
    const even = refine(word, (value) =>
      value.length % 2 === 0
        ? { ok: true, value: value.length }
        : { ok: false, offset: 2, expected: 'an even length', received: `${value.length}` },
    );

    expect(read(even, 'abcd').value).toBe(4);
    expect(read(even, 'abc').issues).toMatchObject([
      { offset: 2, message: 'expected an even length, received 3' },
    ]);
  });

  it('checks the names of a record as well as its values', () => {
    const ages = record(word, count, { description: 'Ages.', expected: 'ages by name' });

    const { issues } = read(ages, { 'a b': 1, c: 'x' });

    expect(issues).toMatchObject([{ path: ['a b'], atKey: true }, { path: ['c'] }]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1.5, 2 ** 60])('refuses %s as a whole number', (value) => {
    expect(read(count, value).issues).toHaveLength(1);
  });

  it('shortens a long text in an issue', () => {
    const [message = ''] = messages(word, ' '.repeat(1_000));

    expect(message.length).toBeLessThan(150);
    expect(message).toMatch(/…$/);
  });

  it('says the same as a draft-07 JSON Schema', () => {
    expect(toJsonSchema(pet, 'Pet')).toEqual({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'Pet',
      type: 'object',
      properties: {
        name: { type: 'string', description: 'A word.', pattern: '^\\w+$', examples: ['cat'] },
        age: {
          description: 'The age.',
          anyOf: [
            { type: 'integer', minimum: 0, description: 'A count.' },
            { type: 'string', description: 'A word.', pattern: '^\\w+$', examples: ['cat'] },
          ],
        },
        toys: {
          description: 'Toys.',
          anyOf: [
            { type: 'string', description: 'A word.', pattern: '^\\w+$', examples: ['cat'] },
            {
              type: 'array',
              minItems: 1,
              items: { type: 'string', description: 'A word.', pattern: '^\\w+$', examples: ['cat'] },
            },
          ],
        },
      },
      required: ['name'],
      additionalProperties: false,
    });
  });
});
