import { z } from 'zod';
import { createBudget } from '../../../compile/budget.ts';
import { parseGlob } from '../../../compile/glob.ts';
import { createKeyLanguages, toKeyTable } from '../../../compile/key-table.ts';
import { type KeyTable, matchesKey } from '../../../rules/key-table.ts';
import { badRequest } from '../http/errors.ts';
import { operationNames } from '../operations/table.ts';
import { faultNames } from './kinds.ts';

/** One fault, and the requests it befalls: all that it can, unless narrowed. */
const ruleSchema = z.strictObject({
  fault: z.enum(faultNames),
  /** OSS's name; `GetObject` takes all reads, `GetObject with x-oss-process` the processed ones only. */
  operation: z.enum(operationNames).optional(),
  /** Glob over the key that the request addresses; a request for a bucket has none. */
  key: z
    .string()
    .refine((glob) => keyTable(glob) !== undefined, 'expected a glob')
    .optional(),
  /** At most so many times; without end when absent. */
  count: z.int().min(1).optional(),
  /** The share of matching requests that meet it; 1 when absent. */
  probability: z.number().min(0).max(1).optional(),
  /** How long a `SlowAnswer` waits; 5 s when absent. */
  delayMs: z.int().min(0).optional(),
  /** Our clock's lead: when absent, an hour for `RequestTimeTooSkewed` and a day for `InvalidSigningDate`. */
  clockOffsetMs: z.number().optional(),
});

const planSchema = z.strictObject({
  /** One seed gives each rule one sequence of hits and misses, whatever the others do; 1 when absent. */
  seed: z.int().min(0).optional(),
  /** Image processing calls a second, as many at once; beyond it 503 CpuLimitExceeded. */
  imageCallsPerSecond: z.int().min(1).optional(),
  /** A request meets the first that matches it and hits. */
  rules: z.array(ruleSchema).optional(),
});

export type FaultRule = z.infer<typeof ruleSchema>;
export type FaultPlan = z.infer<typeof planSchema>;

/** Reads a plan of any origin, such as parsed JSON. Throws an OssError whose message names every issue. */
export function parseFaultPlan(input: unknown): FaultPlan {
  const { data, error } = planSchema.safeParse(input);
  if (data === undefined) {
    throw badRequest('InvalidArgument', z.prettifyError(error));
  }
  return data;
}

/** Whether keys match a glob; each of them does without one. */
export function keyMatcher(glob: string | undefined): (key: string) => boolean {
  const table = glob === undefined ? undefined : keyTable(glob);
  return (key) => table === undefined || matchesKey(table, key);
}

/** Compiles a glob into the table that keys are matched with; undefined when the text is not a glob. */
function keyTable(text: string): KeyTable | undefined {
  const parsed = parseGlob(text);
  const language = parsed.ok ? createKeyLanguages(createBudget(100_000))([parsed.glob], []) : undefined;
  return language && toKeyTable(language);
}
