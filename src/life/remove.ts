import { deleteObject } from '../oss/operations.ts';
import type { RemoveEnd, RemoveTarget } from '../pipeline/life.ts';

/**
 * Deletes a target once OSS has said that its source is gone. A source that was uploaded again meanwhile may have had its
 * output made before the deletion, and never again: so it is asked for once more, and its output is made if it is missing.
 * The same is done where the source is there from the start, since an earlier attempt may have ended in between.
 */
export const removeTarget: RemoveTarget = async ({ target }, { call, deadline, hasSource, restore }) => {
  const kept: RemoveEnd = { status: 'skipped', reason: 'source-exists' };
  if (await hasSource()) {
    const restored = await restore();
    return restored === undefined || restored.status === 'skipped' ? kept : restored;
  }
  const { requestId, attempts } = await deleteObject(call, { ...target, deadline });
  const removed: RemoveEnd = { status: 'removed', requestId, attempts };
  if (!(await hasSource())) {
    return removed;
  }
  const restored = await restore();
  return restored?.status === 'skipped' ? kept : (restored ?? removed);
};
