import { z } from 'zod';
import { createBudget } from '../../../compile/budget.ts';
import { parseGlob } from '../../../compile/glob.ts';
import { createKeyLanguages, toKeyTable } from '../../../compile/key-table.ts';
import { type KeyTable, matchesKey } from '../../../rules/key-table.ts';
import { badRequest } from '../http/errors.ts';
import { operationNames } from '../operations/table.ts';
import { faultNames } from './kinds.ts';

/** One fault, and the requests that it applies to: by default all that it can. */
const ruleSchema = z.strictObject({
  fault: z.enum(faultNames),
  /** OSS's name; `GetObject` covers all reads, `GetObject with x-oss-process` only the processed ones. */
  operation: z.enum(operationNames).optional(),
  /** A glob for the key in the request; a request for a bucket has none. */
  key: z
    .string()
    .refine((glob) => keyTable(glob) !== undefined, 'expected a glob')
    .optional(),
  /** The most times that it applies; unlimited if absent. */
  count: z.int().min(1).optional(),
  /** The share of matching requests that it applies to; 1 if absent. */
  probability: z.number().min(0).max(1).optional(),
  /** How long a `SlowAnswer` waits; 5 s if absent. */
  delayMs: z.int().min(0).optional(),
  /** Our clock's lead; if absent, an hour for `RequestTimeTooSkewed` and a day for `InvalidSigningDate`. */
  clockOffsetMs: z.number().optional(),
});

const planSchema = z.strictObject({
  /** Determines each rule's sequence of hits, independently of the other rules; 1 if absent. */
  seed: z.int().min(0).optional(),
  /** The limit of image processing calls per second, and at once; beyond it 503 CpuLimitExceeded. */
  imageCallsPerSecond: z.int().min(1).optional(),
  /** A request meets the first rule that matches and hits. */
  rules: z.array(ruleSchema).optional(),
});

export type FaultRule = z.infer<typeof ruleSchema>;
export type FaultPlan = z.infer<typeof planSchema>;

/** Reads a plan from any value, such as parsed JSON. Throws an OssError whose message lists all issues. */
export function parseFaultPlan(input: unknown): FaultPlan {
  const { data, error } = planSchema.safeParse(input);
  if (data === undefined) {
    throw badRequest('InvalidArgument', z.prettifyError(error));
  }
  return data;
}

/** Returns whether keys match a glob; without a glob, all do. */
export function keyMatcher(glob: string | undefined): (key: string) => boolean {
  const table = glob === undefined ? undefined : keyTable(glob);
  return (key) => table === undefined || matchesKey(table, key);
}

/** Compiles a glob into a table for matching keys; undefined if the text is not a glob. */
function keyTable(text: string): KeyTable | undefined {
  const parsed = parseGlob(text);
  const language = parsed.ok ? createKeyLanguages(createBudget(100_000))([parsed.glob], []) : undefined;
  return language && toKeyTable(language);
}
