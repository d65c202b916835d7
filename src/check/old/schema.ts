import { didYouMean } from '../../did-you-mean.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { createIssue, describeValue, type Issue, type Path } from './issue.ts';

/** A draft-07 JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * One description that serves three: the reader of a document at run time, its static type (`Infer`), and the
 * JSON Schema that editors complete from.
 */
export interface Schema<T> {
  json: JsonSchema;
  /** The noun an issue uses: "expected …". */
  expected: string;
  optional?: true;
  /**
   * Returns what could be read and adds every issue to `issues`: the value is to be used only where none
   * was added. What could not be read is `undefined`, so that checks across fields still see the rest.
   */
  parse(input: unknown, path: Path, issues: Issue[]): T | undefined;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;

/** What an editor shows beside a field; `expected` is the noun for issues. */
interface Notes {
  description: string;
  expected: string;
  examples?: readonly unknown[];
}

type Read<T> = { ok: true; value: T } | { ok: false; offset?: number; expected: string; received: string };

type ObjectOf<F> = { [K in keyof F]?: Infer<F[K]> | undefined };

/** The whole JSON Schema document of a schema. */
export function toJsonSchema(schema: Schema<unknown>, title: string): JsonSchema {
  return { $schema: 'http://json-schema.org/draft-07/schema#', title, ...schema.json };
}

/** A string, of a pattern if one is given (without flags, so that it means the same in the JSON Schema). */
export function text(notes: Notes & { pattern?: RegExp }): Schema<string> {
  const { expected, pattern, ...shown } = notes;
  return {
    expected,
    json: { type: 'string', ...shown, ...(pattern && { pattern: pattern.source }) },
    parse: (input, path, issues) =>
      typeof input === 'string' && (pattern?.test(input) ?? true)
        ? input
        : refuse(expected, input, path, issues),
  };
}

/** A finite number; with `minimum`, a whole one from there on. */
export function number(notes: Notes & { minimum?: number }): Schema<number> {
  const { expected, minimum, ...shown } = notes;
  const fits = (value: number) =>
    minimum === undefined ? Number.isFinite(value) : Number.isSafeInteger(value) && value >= minimum;
  return {
    expected,
    json: { ...(minimum === undefined ? { type: 'number' } : { type: 'integer', minimum }), ...shown },
    parse: (input, path, issues) =>
      typeof input === 'number' && fits(input) ? input : refuse(expected, input, path, issues),
  };
}

/** One of the values; the first one is what leaving it out means. */
export function choice<const T extends string | boolean>(
  values: readonly T[],
  description: string,
): Schema<T> {
  const expected = `one of ${values.join(', ')}`;
  return {
    expected,
    json: { enum: values, default: values[0], description },
    parse: (input, path, issues) =>
      values.find((value) => value === input) ?? refuse(expected, input, path, issues),
  };
}

/** The first of the two that reads the value without an issue. */
export function either<A, B>(first: Schema<A>, second: Schema<B>, description: string): Schema<A | B> {
  const expected = `${first.expected} or ${second.expected}`;
  return {
    expected,
    json: { description, anyOf: [first.json, second.json] },
    parse(input, path, issues) {
      for (const schema of [first, second]) {
        const found: Issue[] = [];
        const value = schema.parse(input, path, found);
        if (found.length === 0) {
          return value;
        }
      }
      return refuse(expected, input, path, issues);
    },
  };
}

/** The same input, read on into something else by `read`; its JSON Schema is that of the input. */
export function refine<A, B>(schema: Schema<A>, read: (value: A) => Read<B>): Schema<B> {
  return {
    ...schema,
    parse(input, path, issues) {
      const value = schema.parse(input, path, issues);
      if (value === undefined) {
        return undefined;
      }
      const result = read(value);
      if (result.ok) {
        return result.value;
      }
      const place = result.offset === undefined ? {} : { offset: result.offset };
      issues.push(createIssue(path, result.expected, result.received, place));
      return undefined;
    },
  };
}

/** A list of at least `minItems`; an item that could not be read stays as `undefined`, so that indices hold. */
export function array<T>(
  item: Schema<T>,
  notes: { description?: string; minItems: number },
): Schema<(T | undefined)[]> {
  const expected = `a list${notes.minItems > 0 ? ' of one or more' : ''}, each item ${item.expected}`;
  return {
    expected,
    json: { type: 'array', ...notes, items: item.json },
    parse: (input, path, issues) =>
      Array.isArray(input) && input.length >= notes.minItems
        ? input.map((value: unknown, i) => item.parse(value, [...path, i], issues))
        : refuse(expected, input, path, issues),
  };
}

/** One item, or a list of them that is not empty; a list either way once read. */
export function oneOrMany<T>(item: Schema<T>, description: string): Schema<(T | undefined)[]> {
  const list = array(item, { minItems: 1 });
  return {
    expected: `${item.expected}, or a list of them`,
    json: { description, anyOf: [item.json, list.json] },
    parse: (input, path, issues) =>
      Array.isArray(input) ? list.parse(input, path, issues) : [item.parse(input, path, issues)],
  };
}

/** An object with names of the author's choosing. */
export function record<T>(
  name: Schema<string>,
  value: Schema<T>,
  notes: Notes,
): Schema<Record<string, T | undefined>> {
  const { expected, ...shown } = notes;
  return {
    expected,
    json: { type: 'object', ...shown, propertyNames: name.json, additionalProperties: value.json },
    parse(input, path, issues) {
      if (!isJsonObject(input)) {
        return refuse(expected, input, path, issues);
      }
      const entries = Object.entries(input).map(([key, item]) => {
        const inName: Issue[] = [];
        name.parse(key, [...path, key], inName);
        for (const issue of inName) {
          issues.push({ ...issue, atKey: true });
        }
        return [key, value.parse(item, [...path, key], issues)] as const;
      });
      return Object.fromEntries(entries);
    },
  };
}

/** Marks a field of an object as one that may be left out. */
export function optional<T>(schema: Schema<T>): Schema<T> {
  return { ...schema, optional: true };
}

/** An object with these fields and no others: a field nobody reads is a misspelt one. */
export function object<F extends Record<string, Schema<unknown>>>(
  fields: F,
  notes: { description?: string } = {},
): Schema<ObjectOf<F>> {
  const names = Object.keys(fields);
  const required = names.filter((name) => fields[name]?.optional === undefined);
  const expected = `an object with ${(required.length > 0 ? required : names).join(', ')}`;
  const properties = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.json]));
  return {
    expected,
    json: { type: 'object', ...notes, properties, required, additionalProperties: false },
    parse(input, path, issues) {
      if (!isJsonObject(input)) {
        return refuse(expected, input, path, issues);
      }
      reportUnknown(input, names, path, issues);
      const entries = Object.entries(fields).flatMap(([name, field]) => {
        if (Object.hasOwn(input, name)) {
          return [[name, field.parse(input[name], [...path, name], issues)] as const];
        }
        if (field.optional === undefined) {
          refuse(field.expected, undefined, [...path, name], issues);
        }
        return [];
      });
      // Each entry was read by the field of its name, which the type system cannot see through fromEntries.
      return Object.fromEntries(entries) as ObjectOf<F>;
    },
  };
}

function reportUnknown(input: JsonObject, names: string[], path: Path, issues: Issue[]): void {
  for (const name of Object.keys(input).filter((key) => !names.includes(key))) {
    const received = `${describeValue(name)}${didYouMean(name, names)}`;
    issues.push(createIssue([...path, name], `one of ${names.join(', ')}`, received, { atKey: true }));
  }
}

function refuse(expected: string, input: unknown, path: Path, issues: Issue[]): undefined {
  issues.push(createIssue(path, expected, describeValue(input)));
}
