import { z } from 'zod';
import { parseJson } from '../../../json.ts';
import { badRequest, forbidden, type OssError } from '../http/errors.ts';
import type { Fields } from '../http/form-data.ts';

const field = z
  .string()
  .startsWith('$')
  .transform((name) => name.slice(1).toLowerCase());

/** `["eq", "$key", text]`, `["in", "$key", […]]`, `["content-length-range", min, max]`, `{"bucket": text}` */
const conditionSchema = z.union([
  z.tuple([z.enum(['eq', 'starts-with']), field, z.string()]),
  z.tuple([z.enum(['in', 'not-in']), field, z.array(z.string())]),
  z.tuple([z.literal('content-length-range'), z.coerce.number(), z.coerce.number()]),
  z
    .record(z.string(), z.string())
    .transform((fields) => Object.entries(fields))
    .pipe(z.tuple([z.tuple([z.string().toLowerCase(), z.string()])]))
    .transform(([[name, value]]) => ['eq' as const, name, value] as const),
]);

/** The policy of a form (documented: OSS help "PostObject"; for the expiration EC page 0006-00000212). */
const policySchema = z.object({
  expiration: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, 'expected a time like 2026-11-27T08:00:00Z')
    .transform((text) => Date.parse(text))
    .pipe(z.number()),
  conditions: z.array(conditionSchema),
});

type Conditions = z.infer<typeof policySchema>['conditions'];

/** Reads a policy in Base64. Throws InvalidPolicyDocument, or AccessDenied if it has expired. */
export function parsePolicy(base64: string, nowMs: number): Conditions {
  const { data, error } = policySchema.safeParse(parseJson(Buffer.from(base64, 'base64').toString()));
  if (data === undefined) {
    throw badRequest('InvalidPolicyDocument', `Invalid Policy: ${z.prettifyError(error)}`);
  }
  if (data.expiration <= nowMs) {
    throw denied('Policy expired.');
  }
  return data.conditions;
}

/** Throws AccessDenied unless all conditions are met; `bucket` and `key` are among the fields. */
export function checkFields(conditions: Conditions, fields: Fields): void {
  const unmet = conditions.find((condition) => !isMet(condition, fields));
  if (unmet !== undefined) {
    throw denied(`Policy Condition failed: ${JSON.stringify(unmet)}`);
  }
}

function isMet([kind, name, value]: Conditions[number], fields: Fields): boolean {
  const text = fields.get(String(name)) ?? '';
  switch (kind) {
    case 'eq':
      return text === value;
    case 'starts-with':
      return text.startsWith(value);
    case 'in':
      return value.includes(text);
    case 'not-in':
      return !value.includes(text);
    case 'content-length-range':
      return true; // checkFileSize checks it.
  }
}

/** Throws EntityTooSmall or EntityTooLarge. */
export function checkFileSize(conditions: Conditions, sizeBytes: number): void {
  for (const [kind, minBytes, maxBytes] of conditions) {
    if (kind === 'content-length-range' && sizeBytes < minBytes) {
      throw badRequest('EntityTooSmall', 'Your proposed upload is smaller than the minimum size.');
    }
    if (kind === 'content-length-range' && sizeBytes > maxBytes) {
      throw badRequest('EntityTooLarge', 'Your proposed upload exceeds the maximum size.');
    }
  }
}

function denied(reason: string): OssError {
  return forbidden('AccessDenied', `Invalid according to Policy: ${reason}`);
}
