import { z } from 'zod';

/* The kinds of fields in rules.yaml, each with its words for what was expected. */

/** YAML does not read `2026` and `true` as texts. */
const isPlain = (value: unknown) => ['number', 'boolean'].includes(typeof value);

/** A text that matches a pattern; `expected` describes that in messages. */
export const text = (expected: string, pattern: RegExp, description?: string, ...examples: string[]) =>
  z
    .string({ error: ({ input }) => (isPlain(input) ? `${expected}, in quotes` : expected) })
    .regex(pattern, expected)
    .meta({ description, ...(examples.length > 0 && { examples }) });

export const list = <T extends z.ZodType>(item: T, each: string) => {
  const expected = `a list of one or more, each item ${each}`;
  return z.array(item, expected).min(1, expected);
};

/** One item or a list of them. Read, it is always a list. */
export const oneOrMany = <T extends z.ZodType>(item: T, each: string, description: string) =>
  z.union([list(item, each), item.transform((only) => [only])]).meta({ description });

/** An object with these fields and no others: a field that nothing reads is probably misspelt. */
export const fields = <Shape extends z.ZodRawShape>(expected: string, shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys' ? `one of ${Object.keys(shape).join(', ')}` : expected,
  });

/** One of the values; `meaning` says what a missing field means. */
export const choice = <const T extends readonly [string, ...string[]]>(
  values: T,
  description: string,
  meaning: { default?: T[number] } = {},
) =>
  z
    .enum(values, `one of ${values.join(', ')}`)
    .meta({ ...meaning, description })
    .optional();

/** True or false; a missing field means false. */
export const flag = (description: string) =>
  z.boolean('one of false, true').meta({ default: false, description }).optional();

/** Checks across fields run only if each field was valid. */
export const whereSound = { when: ({ issues }: z.core.ParsePayload) => issues.length === 0 };

/** Parses a text, or says where that failed. */
type TextParser<T> = (text: string) => T | { ok: false; offset: number; expected: string; received: string };

/** The value that a parser makes of a text, or the place where it failed. */
export const parsed = <T extends { ok: true }>(schema: z.ZodString, parse: TextParser<T>) =>
  schema.transform((source, { issues }): T => {
    const result = parse(source);
    if (result.ok) {
      return result;
    }
    const { expected: message, received, offset } = result;
    issues.push({ code: 'custom', input: source, message, params: { received, offset } });
    return z.NEVER;
  });
