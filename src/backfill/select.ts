import { plan } from '../pipeline/plan.ts';
import { type FailedResult, formatObject, type PlannedSave, type SkipReason } from '../pipeline/result.ts';
import type { Match, RuleSet } from '../rules/rule-set.ts';
import { type ExistingObject, isComplete } from './source.ts';

/** Narrows the objects that a rule takes to those that are wanted. */
export interface Filter {
  /** When the object was modified, in epoch ms: at `sinceMs` or later, and before `untilMs`. */
  sinceMs?: number | undefined;
  untilMs?: number | undefined;
}

/** Why a backfill leaves an object alone: the planner's reasons, and its own. */
type Reason = SkipReason | 'outside-time' | 'archived' | 'target-not-planned';

export interface Selection {
  /** The outputs to make, and those that cannot be planned. */
  outputs: readonly (PlannedSave | FailedResult)[];
  /** Present if there is nothing to do for the object. */
  skipped?: Reason | undefined;
}

/** Objects of these classes must be restored before they can be processed (OSS help: "Restore objects"). */
const archiveClasses = ['Archive', 'ColdArchive', 'DeepColdArchive'];

const isArchived = ({ storageClass = '', restore = '' }: ExistingObject) =>
  archiveClasses.includes(storageClass) && !restore.includes('ongoing-request="false"');

/**
 * Plans an object as if it had been uploaded at `modifiedAt` or, if that is unknown, at `eventTime`. Pure. A
 * rule that asks for a size or a content type does not take an object without one.
 */
export function selectOutputs(object: ExistingObject, ruleSet: RuleSet, filter: Filter): Selection {
  if (!isBetween(object.modifiedAt, filter)) {
    return { outputs: [], skipped: 'outside-time' };
  }
  const event = { ...object, eventTime: object.modifiedAt ?? object.eventTime };
  const items = plan({ kind: 'object', event }, ruleSet);
  const outputs = items
    .filter((item) => item.status === 'failed' || (item.status === 'planned' && item.action !== 'remove'))
    .filter((item) => object.target === undefined || targetOf(item) === object.target);
  if (outputs.length > 0 && isArchived(object)) {
    return { outputs: [], skipped: 'archived' };
  }
  const reason = items.find((item) => item.status === 'skipped')?.reason ?? 'target-not-planned';
  return { outputs, skipped: outputs.length > 0 ? undefined : reason };
}

/**
 * Plans objects of which the source may not tell all that the rules ask for. Unknown conditions count as met,
 * so the outputs are a maximum; `exampleTime` stands in for an unknown time.
 */
export function createUpperBound(ruleSet: RuleSet, exampleTime: string) {
  const change = (relax: (match: Match) => Match): RuleSet => ({
    ...ruleSet,
    rules: ruleSet.rules.map((rule) => ({ ...rule, match: relax(rule.match) })),
  });
  const anyType = change((match) => ({ ...match, contentTypes: [] }));
  const anyObject = change(({ keys, buckets }) => ({ keys, buckets, contentTypes: [] }));
  return (object: ExistingObject, filter: Filter): Selection =>
    isComplete(object)
      ? selectOutputs(object, anyType, filter)
      : selectOutputs({ ...object, target: undefined, eventTime: exampleTime }, anyObject, filter);
}

/** The address of an output's target, as the journal names it. */
export const targetOf = ({ target }: Pick<FailedResult, 'target'>) => target && formatObject(target);

function isBetween(time: string | undefined, { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY }: Filter) {
  const timeMs = time === undefined ? sinceMs : Date.parse(time);
  return timeMs >= sinceMs && timeMs < untilMs;
}
