import { fieldsOf, parseJson, textOf } from '../../../json.ts';
import { badRequest, forbidden, type OssError } from '../http/errors.ts';
import type { Fields } from '../http/form-data.ts';

/** One condition of a policy: on a form's fields, or on the size of its file. */
interface Condition {
  readonly source: unknown;
  readonly isMet?: (fields: Fields) => boolean;
  readonly minBytes?: number;
  readonly maxBytes?: number;
}

/**
 * The policy of a browser's form: Base64 of `{"expiration": …, "conditions": […]}` (documented: OSS help "PostObject").
 * Throws InvalidPolicyDocument, and AccessDenied once it has expired.
 */
export function parsePolicy(base64: string, nowMs: number) {
  const { expiration, conditions } = fieldsOf(parseJson(Buffer.from(base64, 'base64').toString()));
  // Documented: EC page 0006-00000212.
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(textOf(expiration) ?? '');
  const expiresMs = isTime ? Date.parse(textOf(expiration) ?? '') : Number.NaN;
  if (Number.isNaN(expiresMs)) {
    throw invalid('It is not a JSON object with an expiration like 2026-11-27T08:00:00Z.');
  }
  if (!Array.isArray(conditions)) {
    throw invalid('It has no conditions.');
  }
  if (expiresMs <= nowMs) {
    throw denied('Policy expired.');
  }
  const parsed = conditions.map(readCondition);
  return {
    /** Throws AccessDenied for what the conditions do not allow; `bucket` and `key` are among the fields. */
    checkFields: (fields: Fields): void => {
      const unmet = parsed.find(({ isMet }) => isMet?.(fields) === false);
      if (unmet !== undefined) {
        throw denied(`Policy Condition failed: ${JSON.stringify(unmet.source)}`);
      }
    },
    /** Throws EntityTooSmall, EntityTooLarge. */
    checkSize: (sizeBytes: number): void => {
      if (parsed.some(({ minBytes = 0 }) => sizeBytes < minBytes)) {
        throw badRequest('EntityTooSmall', 'Your proposed upload is smaller than the minimum size.');
      }
      if (parsed.some(({ maxBytes = Infinity }) => sizeBytes > maxBytes)) {
        throw badRequest('EntityTooLarge', 'Your proposed upload exceeds the maximum size.');
      }
    },
  };
}

/** `{"bucket": "photos"}`, `["eq" | "starts-with", "$key", text]`, `["in" | "not-in", "$key", […]]`, `["content-length-range", min, max]`. */
function readCondition(source: unknown): Condition {
  if (!Array.isArray(source)) {
    const [entry, ...more] = Object.entries(fieldsOf(source));
    if (entry === undefined || more.length > 0) {
      throw invalid('Simple-Conditions must have exactly one property specified.');
    }
    const [name, value] = entry;
    return { source, isMet: (fields) => fields.get(name.toLowerCase()) === value };
  }
  const [operator, name, value]: unknown[] = source;
  if (operator === 'content-length-range') {
    const [minBytes, maxBytes] = [Number(name), Number(value)];
    if (Number.isNaN(minBytes) || Number.isNaN(maxBytes)) {
      throw invalid('content-length-range takes two numbers.');
    }
    return { source, minBytes, maxBytes };
  }
  if (typeof name !== 'string' || !name.startsWith('$')) {
    throw invalid(`Unknown condition ${source}.`);
  }
  const matches = matcher(String(operator).toLowerCase(), value);
  return { source, isMet: (fields) => matches(fields.get(name.slice(1).toLowerCase()) ?? '') };
}

function matcher(operator: string, value: unknown): (text: string) => boolean {
  if (operator === 'eq' && typeof value === 'string') {
    return (text) => text === value;
  }
  if (operator === 'starts-with' && typeof value === 'string') {
    return (text) => text.startsWith(value);
  }
  if ((operator === 'in' || operator === 'not-in') && Array.isArray(value)) {
    return (text) => value.includes(text) === (operator === 'in');
  }
  throw invalid(`Unknown condition ${operator}.`);
}

function invalid(reason: string): OssError {
  return badRequest('InvalidPolicyDocument', `Invalid Policy: ${reason}`);
}

function denied(reason: string): OssError {
  return forbidden('AccessDenied', `Invalid according to Policy: ${reason}`);
}
