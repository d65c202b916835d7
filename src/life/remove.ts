import { isNoSuchKey } from '../oss/errors.ts';
import { deleteObject, headObject } from '../oss/operations.ts';
import { completeEvent } from '../pipeline/complete.ts';
import { plan } from '../pipeline/plan.ts';
import type { Outcome, PlanItem, PlannedSave, RemoveTask, TaskEnd } from '../pipeline/result.ts';
import { carryOut, type TaskOptions } from '../pipeline/save.ts';

/**
 * Deletes a target once OSS has said that its source is gone. A source that was uploaded again meanwhile may have had its
 * output made before the deletion, and never again: so it is asked for once more, and its output is made if it is missing.
 * The same is done where the source is there from the start, since an earlier attempt may have ended in between. Throws
 * where the target was not deleted.
 */
export async function remove(task: RemoveTask, options: TaskOptions): Promise<TaskEnd> {
  const { call, deadline } = options;
  const kept: TaskEnd = { status: 'skipped', reason: 'source-exists' };
  if (task.isLate) {
    // The output is saved, whatever the answer: where none comes, it stays.
    if (await hasSource(task, options).catch(() => true)) {
      return kept;
    }
  } else if (await hasSource(task, options)) {
    const restored = await restore(task, options);
    return restored === undefined || restored.status === 'skipped' ? kept : restored;
  }
  const { requestId, attempts } = await deleteObject(call, { ...task.target, deadline });
  const removed: TaskEnd = { status: 'removed', requestId, attempts };
  if (!(await hasSource(task, options))) {
    return removed;
  }
  const restored = await restore(task, options);
  return restored?.status === 'skipped' ? kept : (restored ?? removed);
}

/** Whether OSS has the source. Throws where it does not say so in its own words. */
async function hasSource({ source }: RemoveTask, { call, deadline }: TaskOptions): Promise<boolean> {
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

/** Saves the target if it is missing, as the rule wants it of the source as it is now; undefined where it wants none. */
async function restore(
  { rule, source, target }: RemoveTask,
  options: TaskOptions,
): Promise<Outcome | undefined> {
  const event = await completeEvent({ ...source, eventName: 'Manual' }, options);
  if ('status' in event) {
    return event;
  }
  const rules = options.ruleSet.rules.filter(({ name }) => name === rule);
  const isWanted = (item: PlanItem): item is PlannedSave =>
    item.status === 'planned' &&
    item.action !== 'remove' &&
    item.target.bucket === target.bucket &&
    item.target.key === target.key;
  const task = plan({ kind: 'object', event }, { rules }).find(isWanted);
  return task && carryOut({ ...task, refresh: 'missing' }, options);
}
