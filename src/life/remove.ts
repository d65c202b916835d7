import { deleteObject } from '../oss/operations.ts';
import { completeEvent } from '../pipeline/complete.ts';
import { plan } from '../pipeline/plan.ts';
import { formatObject, type RemoveTask, type TaskEnd } from '../pipeline/result.ts';
import { carryOut, hasSource, type TaskOptions } from '../pipeline/save.ts';

const kept: TaskEnd = { status: 'skipped', reason: 'source-exists' };

/**
 * Deletes a target once OSS has said that its source is gone. The source may be uploaded again and processed
 * just before the deletion, and that upload has no further event. So OSS is asked again afterwards, and the
 * output is made if it is missing; likewise if the source exists from the start, because an earlier attempt
 * may have stopped in between. Throws if the target was not deleted.
 */
export async function remove(task: RemoveTask, options: TaskOptions): Promise<TaskEnd> {
  const { call, deadlineMs } = options;
  if (await hasSource(task, options)) {
    return restore(task, options, kept);
  }
  const { requestId, attempts } = await deleteObject(call, { ...task.target, deadlineMs });
  const removed: TaskEnd = { status: 'removed', requestId, attempts };
  return (await hasSource(task, options)) ? restore(task, options, removed) : removed;
}

/** Saves the target if it is missing. Returns `unwanted` if the rule no longer makes it of the source. */
async function restore(
  { source, target }: RemoveTask,
  options: TaskOptions,
  unwanted: TaskEnd,
): Promise<TaskEnd> {
  const event = await completeEvent({ ...source, eventName: 'Manual' }, options);
  const task = plan({ kind: 'object', event }, options.ruleSet)
    .filter((item) => item.status === 'planned' && item.action !== 'remove')
    .find((item) => formatObject(item.target) === formatObject(target));
  if (task === undefined) {
    return unwanted;
  }
  const restored = await carryOut({ ...task, refresh: 'missing' }, options);
  return restored.status === 'skipped' ? kept : restored;
}
