import type { SaveTask } from './pipeline/result.ts';
import { needsCopy } from './rules/rule-set.ts';

/** The HeadObject requests beside the call of a task, at most, where its source stays as it is. */
export function headRequestsOf(task: SaveTask, onlyMissing = false): number {
  const { action, refresh, checkSource, onRemove, raisedAt, afterSteps } = task;
  const isCopied = needsCopy(afterSteps);
  const looksForTarget = onlyMissing || refresh !== undefined || (isCopied && raisedAt !== undefined);
  const isAsked = action === 'save' && onRemove;
  // Before an output is deleted that is larger, its source is asked for.
  const looks = [looksForTarget, afterSteps !== undefined, afterSteps?.skipLarger, isAsked, checkSource];
  return looks.filter(Boolean).length;
}
