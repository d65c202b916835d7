import { isNoSuchKey } from '../oss/errors.ts';
import { headObject } from '../oss/operations.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { completeEvent } from './complete.ts';
import { plan } from './plan.ts';
import {
  describeError,
  type Outcome,
  type PlanItem,
  type PlannedSave,
  type RemoveTask,
  type SaveResult,
  type SaveTask,
} from './result.ts';
import { type SaveOptions, save } from './save.ts';

/** Deletes one target, if its source is gone. Never throws: what goes wrong is the result. */
export async function remove(task: RemoveTask, ruleSet: RuleSet, options: SaveOptions): Promise<Outcome> {
  const { rule, source, target } = task;
  const { call, deadline, now, loadLife } = options;
  const startedAt = now();
  try {
    const { removeTarget } = await loadLife();
    const end = await removeTarget(task, {
      call,
      deadline,
      hasSource: () => hasSource(task, options),
      restore: () => restore(task, ruleSet, options),
    });
    const subject = { rule, source, target };
    return end.status === 'removed'
      ? { ...end, ...subject, durationMs: now() - startedAt }
      : { ...end, ...subject };
  } catch (error) {
    const durationMs = now() - startedAt;
    return { status: 'failed', rule, source, target, ...describeError(error), durationMs };
  }
}

/**
 * Deletes an output that was just saved, where its rule wants it gone with its source and that was deleted meanwhile: the
 * event of that deletion may have been worked off before there was an output. Undefined where the output stays.
 */
export async function removeIfLate(
  { rule, source, target }: SaveTask,
  ruleSet: RuleSet,
  options: SaveOptions,
): Promise<Outcome | undefined> {
  const isWanted = ruleSet.rules.some(({ name, onRemove }) => name === rule && onRemove !== undefined);
  const task = { action: 'remove', rule, source, target } as const;
  // The output is saved, whatever the answer: where none comes, it stays.
  const isLate = isWanted && !(await hasSource(task, options).catch(() => true));
  return isLate ? remove(task, ruleSet, options) : undefined;
}

async function hasSource({ source }: RemoveTask, { call, deadline }: SaveOptions): Promise<boolean> {
  try {
    await headObject(call, { ...source, deadline });
    return true;
  } catch (error) {
    if (isNoSuchKey(error)) {
      return false;
    }
    throw error;
  }
}

/** Saves the target if it is missing, as the rule wants it of the source as it is now. */
async function restore(
  { rule, source, target }: RemoveTask,
  ruleSet: RuleSet,
  options: SaveOptions,
): Promise<SaveResult | undefined> {
  const event = await completeEvent({ ...source, eventName: 'Manual' }, options);
  if ('status' in event) {
    return event;
  }
  const rules = ruleSet.rules.filter(({ name }) => name === rule);
  const isWanted = (item: PlanItem): item is PlannedSave =>
    item.status === 'planned' &&
    item.action !== 'remove' &&
    item.target.bucket === target.bucket &&
    item.target.key === target.key;
  const task = plan({ kind: 'object', event }, { rules }).find(isWanted);
  return task && save({ ...task, refresh: 'missing' }, options);
}
