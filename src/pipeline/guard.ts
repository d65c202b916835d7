import type { ObjectEvent } from '../events/object-event.ts';
import { matchesKey } from '../rules/key-table.ts';
import type { Rule } from '../rules/rule-set.ts';

/**
 * The recursion guard: whether `rule`, which takes this object, would itself have written it. The build decides which
 * rules need a guard at all, so that no chain is cut that ends by itself.
 */
export function isOwnOutput({ ownOutputs = [] }: Rule, { bucket, key }: ObjectEvent): boolean {
  return ownOutputs.some((own) => (own.bucket ?? bucket) === bucket && matchesKey(own.keys, key));
}
