import { badRequest, forbidden, type OssError } from '../http/errors.ts';

export interface PostPolicy {
  /** Throws AccessDenied for what the conditions do not allow; `fields` by lower-case name, `bucket` and `key` among them. */
  checkFields(fields: ReadonlyMap<string, string>): void;
  /** Throws EntityTooSmall, EntityTooLarge. */
  checkSize(sizeBytes: number): void;
}

/**
 * The policy of a browser's form: Base64 of `{"expiration": …, "conditions": […]}` (documented: OSS help "PostObject").
 * Throws InvalidPolicyDocument, and AccessDenied once it has expired.
 */
export function parsePolicy(base64: string, nowMs: number): PostPolicy {
  const { expiration, conditions } = readDocument(base64);
  if (Number.isNaN(Date.parse(expiration))) {
    throw invalid('Invalid expiration.');
  }
  if (Date.parse(expiration) <= nowMs) {
    throw denied('Policy expired.');
  }
  const rules = conditions.map(readCondition);
  return {
    checkFields: (fields) => {
      for (const { source, holds } of rules) {
        if (!holds(fields)) {
          throw denied(`Policy Condition failed: ${JSON.stringify(source)}`);
        }
      }
    },
    checkSize: (sizeBytes) => {
      for (const { min, max } of rules.flatMap(({ size }) => size ?? [])) {
        if (sizeBytes < min) {
          throw badRequest('EntityTooSmall', 'Your proposed upload is smaller than the minimum size.');
        }
        if (sizeBytes > max) {
          throw badRequest('EntityTooLarge', 'Your proposed upload exceeds the maximum size.');
        }
      }
    },
  };
}

interface Condition {
  readonly source: unknown;
  readonly holds: (fields: ReadonlyMap<string, string>) => boolean;
  readonly size?: { readonly min: number; readonly max: number };
}

function readDocument(base64: string): { expiration: string; conditions: readonly unknown[] } {
  const parsed = parseJson(Buffer.from(base64, 'base64').toString());
  if (typeof parsed !== 'object' || parsed === null) {
    throw invalid('It is not a JSON object.');
  }
  if (!('expiration' in parsed) || typeof parsed.expiration !== 'string') {
    throw invalid('It has no expiration.');
  }
  if (!('conditions' in parsed) || !Array.isArray(parsed.conditions)) {
    throw invalid('It has no conditions.');
  }
  return { expiration: parsed.expiration, conditions: parsed.conditions };
}

/** `{"bucket": "photos"}`, `["eq" | "starts-with", "$key", text]`, `["in" | "not-in", "$key", […]]`, `["content-length-range", min, max]`. */
function readCondition(source: unknown): Condition {
  if (!Array.isArray(source)) {
    const [entry, ...more] = Object.entries(source ?? {});
    if (entry === undefined || more.length > 0) {
      throw invalid('Simple-Conditions must have exactly one property specified.');
    }
    const [name, value] = entry;
    return { source, holds: (fields) => fields.get(name.toLowerCase()) === value };
  }
  const [operator, name, value]: unknown[] = source;
  if (operator === 'content-length-range') {
    const [min, max] = [Number(name), Number(value)];
    if (Number.isNaN(min) || Number.isNaN(max)) {
      throw invalid('content-length-range takes two numbers.');
    }
    return { source, holds: () => true, size: { min, max } };
  }
  if (typeof name !== 'string' || !name.startsWith('$')) {
    throw invalid(`Unknown condition ${source}.`);
  }
  const holds = matcher(String(operator).toLowerCase(), value);
  return { source, holds: (fields) => holds(fields.get(name.slice(1).toLowerCase()) ?? '') };
}

function matcher(operator: string, value: unknown): (text: string) => boolean {
  if (operator === 'eq' && typeof value === 'string') {
    return (text) => text === value;
  }
  if (operator === 'starts-with' && typeof value === 'string') {
    return (text) => text.startsWith(value);
  }
  if (operator === 'in' && Array.isArray(value)) {
    return (text) => value.includes(text);
  }
  if (operator === 'not-in' && Array.isArray(value)) {
    return (text) => !value.includes(text);
  }
  throw invalid(`Unknown condition ${operator}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('Invalid JSON.');
  }
}

function invalid(reason: string): OssError {
  return badRequest('InvalidPolicyDocument', `Invalid Policy: ${reason}`);
}

function denied(reason: string): OssError {
  return forbidden('AccessDenied', `Invalid according to Policy: ${reason}`);
}
