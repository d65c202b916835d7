import { type CompiledRules, compileRules } from '../../src/compile/compile.ts';
import { plan } from '../../src/pipeline/plan.ts';
import type { PlanItem } from '../../src/pipeline/result.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';

/** A rule of one output, in short. */
export interface Sketch {
  key: string | string[];
  exclude?: string | string[] | undefined;
  bucket?: string | string[] | undefined;
  to: string;
  toBucket?: string | undefined;
  vary?: object | undefined;
}

export function compileSketches(sketches: readonly Sketch[]): CompiledRules {
  const rules = sketches.map(({ key, exclude, bucket, to, toBucket, vary }, i) => ({
    name: `r${i}`,
    match: { key, exclude, bucket },
    outputs: [{ style: 'image/resize,w_9', target: { key: to, bucket: toBucket }, vary }],
  }));
  return compileRules(JSON.stringify({ rules }), 'rules.json');
}

interface ObjectName {
  bucket: string;
  key: string;
}

/** What the handler's own planner makes of an upload; `version` is its ETag. */
export function planOf(rules: Pick<RuleSet, 'rules'>, object: ObjectName, version = 0): PlanItem[] {
  const event = {
    ...object,
    eventName: 'ObjectCreated:PutObject',
    eventTime: '2026-01-01T00:00:00.000Z',
    eTag: `${version}`,
  };
  return plan({ kind: 'object', event }, rules);
}

/** Where all results are saved, whatever the recursion guard says. */
export function targetsOf({ rules }: Pick<RuleSet, 'rules'>, object: ObjectName, version = 0): ObjectName[] {
  const unguarded = rules.map((rule) => ({ ...rule, ownOutputs: undefined }));
  return planOf({ rules: unguarded }, object, version).flatMap((item) =>
    'target' in item && item.target !== undefined ? [item.target] : [],
  );
}
