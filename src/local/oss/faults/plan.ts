import { type Glob, parseGlob, type SyntaxProblem } from '../../../check/old/glob.ts';
import type { Issue } from '../../../check/old/issue.ts';
import {
  array,
  type Infer,
  number,
  object,
  optional,
  refine,
  type Schema,
  text,
} from '../../../check/old/schema.ts';
import { operationNames } from '../operations/table.ts';
import { type FaultName, faultNames } from './kinds.ts';

/** One fault, and the requests it befalls: all that it can, unless narrowed. */
export interface FaultRule {
  readonly fault: FaultName;
  /** OSS's name; `GetObject` takes plain and processed reads, `GetObject with x-oss-process` the latter only. */
  readonly operation?: string;
  /** Glob over the key that the request addresses; a request for a bucket has none. */
  readonly key?: string;
  /** At most so many times; without end when absent. */
  readonly count?: number;
  /** Of each request that matches, 0 to 1; 1 when absent. */
  readonly probability?: number;
  /** Of a `SlowAnswer`; 5 s when absent. */
  readonly delayMs?: number;
  /** How far the server's clock is ahead, for `RequestTimeTooSkewed` (an hour when absent) and `InvalidSigningDate` (a day). */
  readonly clockOffsetMs?: number;
}

export interface FaultPlan {
  /** One seed gives each rule one sequence of hits and misses, whatever the others do; 1 when absent. */
  readonly seed?: number;
  /** Image processing calls a second, as many at once; beyond it 503 CpuLimitExceeded. */
  readonly imageCallsPerSecond?: number;
  /** A request meets the first that matches it and hits. */
  readonly rules?: readonly FaultRule[];
}

/** A plan that cannot be followed: the message names every issue. */
export class FaultPlanError extends Error {
  override name = 'FaultPlanError';
}

const ruleSchema = object({
  fault: oneOf(faultNames, 'What goes wrong.'),
  operation: optional(oneOf(operationNames, 'Of requests for this operation.')),
  key: optional(refine(text({ description: 'Of requests for such keys.', expected: 'a glob' }), readGlob)),
  count: optional(whole(1, 'At most so many times.')),
  probability: optional(
    refine(number({ description: 'Of each request that matches.', expected: 'a number' }), (value) =>
      value >= 0 && value <= 1
        ? { ok: true, value }
        : { ok: false, expected: 'a number from 0 to 1', received: String(value) },
    ),
  ),
  delayMs: optional(whole(0, 'Of a slow answer.')),
  clockOffsetMs: optional(number({ description: 'Of the server.', expected: 'milliseconds' })),
});
const planSchema = object({
  seed: optional(whole(0, 'Makes chance repeatable.')),
  imageCallsPerSecond: optional(whole(1, 'Quota on image processing.')),
  rules: optional(array(ruleSchema, { minItems: 0 })),
});

export type ParsedFaultRule = Infer<typeof ruleSchema> & { fault: FaultName };
export type ParsedFaultPlan = Omit<Infer<typeof planSchema>, 'rules'> & { rules: ParsedFaultRule[] };

/** Reads a plan of whatever origin, such as parsed JSON; throws FaultPlanError. */
export function parseFaultPlan(input: unknown): ParsedFaultPlan {
  const issues: Issue[] = [];
  const plan = planSchema.parse(input, [], issues) ?? {};
  if (issues.length > 0) {
    throw new FaultPlanError(issues.map(({ message }) => message).join('; '));
  }
  const rules = (plan.rules ?? []).flatMap((rule) =>
    rule?.fault === undefined ? [] : [{ ...rule, fault: rule.fault }],
  );
  return { ...plan, rules };
}

function readGlob(input: string): { ok: true; value: Glob } | SyntaxProblem {
  const parsed = parseGlob(input);
  return parsed.ok ? { ok: true, value: parsed.glob } : parsed;
}

function oneOf<T extends string>(names: readonly T[], description: string): Schema<T> {
  const expected = `one of ${names.join(', ')}`;
  return refine(text({ description, expected }), (input) => {
    const value = names.find((name) => name === input);
    return value === undefined
      ? { ok: false, expected, received: JSON.stringify(input) }
      : { ok: true, value };
  });
}

function whole(minimum: number, description: string): Schema<number> {
  return number({ minimum, description, expected: `a whole number from ${minimum} on` });
}
