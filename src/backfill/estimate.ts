import { needsCopy, type Rule, type RuleSet } from '../rules/rule-set.ts';
import type { BackfillOptions } from './run-objects.ts';
import { type Selection, selectOutputs } from './select.ts';
import { type ExistingObject, isComplete } from './source.ts';

/** A backfill's work, found out without a call to OSS but the listing. */
export interface Estimate {
  /** Seen in the source, and of these the ones that a rule takes. */
  objects: number;
  selected: number;
  /** Each is a billed call. */
  outputs: number;
  /** Bytes of source objects, counted for each output. */
  sourceBytes: number;
  /** HeadObject requests beside them. */
  headRequests: number;
  /** Outputs that are copied onto themselves once they are saved, which takes another HeadObject each. */
  copyRequests: number;
  skipped: Record<string, number>;
  /** Outputs drawn at random. */
  sample: Selection['outputs'][number][];
  /** Some objects' size or type is only known once they are asked for: the figures are the most that it can be. */
  isUpperBound: boolean;
}

/** Plans every object of a source and adds up. */
export async function estimate({
  source,
  ruleSet,
  filter,
  onlyMissing,
}: Pick<BackfillOptions, 'source' | 'ruleSet' | 'filter'> & { onlyMissing: boolean }): Promise<Estimate> {
  const result: Estimate = {
    objects: 0,
    selected: 0,
    outputs: 0,
    sourceBytes: 0,
    headRequests: 0,
    copyRequests: 0,
    skipped: {},
    sample: [],
    isUpperBound: false,
  };
  const [anyType, anyObject] = withoutConditions(ruleSet);
  const asksForType = ruleSet.rules.some(({ match }) => match.contentTypes.length > 0);
  for await (const { object } of source.read()) {
    const needsHead = asksForType || !isComplete(object);
    const { outputs, skipped } = isComplete(object)
      ? selectOutputs(object, anyType, filter)
      : selectOutputs({ ...object, target: undefined }, anyObject, filter);
    result.objects += 1;
    if (skipped !== undefined) {
      result.skipped[skipped] = (result.skipped[skipped] ?? 0) + 1;
    } else {
      result.selected += 1;
      add(result, object, object.target === undefined ? outputs : outputs.slice(0, 1));
      result.headRequests += Number(needsHead) + (onlyMissing ? outputs.length : 0);
      result.isUpperBound ||= needsHead || onlyMissing;
    }
  }
  return result;
}

/** The rules as they are for objects of unknown type, and for those of which only the key is known. */
function withoutConditions(ruleSet: RuleSet): [RuleSet, RuleSet] {
  const change = (conditions: Partial<Rule['match']>): RuleSet => ({
    ...ruleSet,
    rules: ruleSet.rules.map((rule) => ({ ...rule, match: { ...rule.match, ...conditions } })),
  });
  return [
    change({ contentTypes: [] }),
    change({ contentTypes: [], minBytes: undefined, maxBytes: undefined }),
  ];
}

function add(result: Estimate, { sizeBytes = 0 }: ExistingObject, outputs: Selection['outputs']): void {
  for (const output of outputs) {
    result.outputs += 1;
    result.sourceBytes += sizeBytes;
    const copies = output.status === 'planned' && needsCopy(output.afterSteps) ? 1 : 0;
    result.copyRequests += copies;
    result.headRequests += copies;
    drawSample(result.sample, output, result.outputs);
  }
}

const sampleSize = 10;

/** Offers the latest of `count` items to a sample. Each has the same chance to be in it, however many there turn out to be. */
export function drawSample<T>(sample: T[], item: T, count: number): void {
  const place = count <= sampleSize ? count - 1 : Math.floor(Math.random() * count);
  if (place < sampleSize) {
    sample[place] = item;
  }
}
