import type { Task } from '../pipeline/result.ts';
import type { Rule, RuleSet } from '../rules/rule-set.ts';
import type { Quota } from './quota.ts';
import { type Filter, selectTasks } from './select.ts';
import { isComplete, type Source, type StoredObject } from './source.ts';

/** What a backfill would do, found out without a call to OSS but the listing. */
export interface Estimate {
  /** Seen in the source, and of these the ones that a rule takes. */
  objects: number;
  selected: number;
  /** Each is a billed call. */
  outputs: number;
  /** Of source objects, counted for each output. */
  sourceBytes: number;
  /** HeadObject requests beside them. */
  headRequests: number;
  skipped: Record<string, number>;
  /** Outputs drawn at random. */
  sample: Task[];
  /** Some objects' size or type is only known once they are asked for: the figures are the most that it can be. */
  isUpperBound: boolean;
}

export interface EstimateOptions {
  source: Source;
  ruleSet: RuleSet;
  filter: Filter;
  onlyMissing: boolean;
}

const sampleSize = 10;

/** Plans every object of a source and adds up. `onObject` hears of each, for progress; it may throw to give up. */
export async function estimate(
  { source, ruleSet, filter, onlyMissing }: EstimateOptions,
  onObject: (estimate: Estimate) => void,
): Promise<Estimate> {
  const result: Estimate = {
    objects: 0,
    selected: 0,
    outputs: 0,
    sourceBytes: 0,
    headRequests: 0,
    skipped: {},
    sample: [],
    isUpperBound: false,
  };
  const anyType = withoutConditions(ruleSet, (match) => ({ ...match, contentTypes: [] }));
  const anyObject = withoutConditions(anyType, (match) => ({
    ...match,
    minBytes: undefined,
    maxBytes: undefined,
  }));
  const asksForType = ruleSet.rules.some(({ match }) => match.contentTypes.length > 0);
  for await (const { object } of source.read()) {
    const { tasks, skipped } = isComplete(object)
      ? selectTasks(object, anyType, filter)
      : selectTasks({ ...object, target: undefined }, anyObject, filter);
    const needsHead = !isComplete(object) || asksForType;
    add(result, object, object.target === undefined ? tasks : tasks.slice(0, 1));
    if (skipped !== undefined) {
      result.skipped[skipped] = (result.skipped[skipped] ?? 0) + 1;
    } else {
      result.headRequests += Number(needsHead) + (onlyMissing ? tasks.length : 0);
      result.isUpperBound ||= needsHead || onlyMissing;
    }
    onObject(result);
  }
  return result;
}

/** How long the calls take at the least under a quota, in seconds. */
export function secondsUnder(quota: Quota, { outputs, sourceBytes }: Estimate): number {
  return Math.max(outputs / quota.callsPerSecond, sourceBytes / quota.bytesPerSecond);
}

function withoutConditions(ruleSet: RuleSet, change: (match: Rule['match']) => Rule['match']): RuleSet {
  return { ...ruleSet, rules: ruleSet.rules.map((rule) => ({ ...rule, match: change(rule.match) })) };
}

function add(result: Estimate, { sizeBytes = 0 }: StoredObject, tasks: readonly Task[]): void {
  result.objects += 1;
  result.selected += Number(tasks.length > 0);
  for (const task of tasks) {
    result.outputs += 1;
    result.sourceBytes += sizeBytes;
    // Each output has the same chance to be in the sample, however many there turn out to be.
    const place =
      result.outputs <= sampleSize ? result.outputs - 1 : Math.floor(Math.random() * result.outputs);
    if (place < sampleSize) {
      result.sample[place] = task;
    }
  }
}
