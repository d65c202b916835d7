/** A JSON object of unknown fields. */
export type JsonObject = { readonly [name: string]: unknown };

/** True for objects alone, neither for null nor for arrays. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of an object, to be taken out by name and checked one by one; any other value has none. */
export function fieldsOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The value at a path of field names, or undefined. */
export function pick(value: unknown, ...names: string[]): unknown {
  return names.reduce((inner, name) => fieldsOf(inner)[name], value);
}

/** The value of a JSON text; undefined, which no JSON is, where the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A value that is text, or undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
