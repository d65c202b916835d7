import { fieldsOf, parseJson } from '../../../json.ts';
import { badRequest, forbidden, type OssError } from '../http/errors.ts';

export interface PostPolicy {
  /** Throws AccessDenied for what the conditions do not allow; `fields` by lower-case name, `bucket` and `key` among them. */
  checkFields(fields: ReadonlyMap<string, string>): void;
  /** Throws EntityTooSmall, EntityTooLarge. */
  checkSize(sizeBytes: number): void;
}

/** One condition of a policy: `size` where it bounds the file, else whether a form's fields meet it. */
type Condition =
  | { readonly size: { readonly min: number; readonly max: number } }
  | { readonly source: unknown; readonly isMet: (fields: ReadonlyMap<string, string>) => boolean };

/**
 * The policy of a browser's form: Base64 of `{"expiration": …, "conditions": […]}` (documented: OSS help "PostObject").
 * Throws InvalidPolicyDocument, and AccessDenied once it has expired.
 */
export function parsePolicy(base64: string, nowMs: number): PostPolicy {
  const { expiration, conditions } = fieldsOf(parseJson(Buffer.from(base64, 'base64').toString()));
  const expiresMs = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(expiresMs)) {
    throw invalid('It is not a JSON object with an expiration.');
  }
  if (!Array.isArray(conditions)) {
    throw invalid('It has no conditions.');
  }
  if (expiresMs <= nowMs) {
    throw denied('Policy expired.');
  }
  const parsed = conditions.map(readCondition);
  return {
    checkFields: (fields) => {
      for (const condition of parsed) {
        if ('isMet' in condition && !condition.isMet(fields)) {
          throw denied(`Policy Condition failed: ${JSON.stringify(condition.source)}`);
        }
      }
    },
    checkSize: (sizeBytes) => {
      const sizes = parsed.flatMap((condition) => ('size' in condition ? [condition.size] : []));
      if (sizes.some(({ min }) => sizeBytes < min)) {
        throw badRequest('EntityTooSmall', 'Your proposed upload is smaller than the minimum size.');
      }
      if (sizes.some(({ max }) => sizeBytes > max)) {
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
    const [min, max] = [Number(name), Number(value)];
    if (Number.isNaN(min) || Number.isNaN(max)) {
      throw invalid('content-length-range takes two numbers.');
    }
    return { size: { min, max } };
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
