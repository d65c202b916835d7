import type { ObjectEvent } from '../../events/object-event.ts';
import { plan } from '../../pipeline/plan.ts';
import { fittingFacts } from '../../rules/sources.ts';
import type { PlanTargets } from '../../rules/witness.ts';

/** Where the handler's own planner, its guard taken out, saves what one rule makes of an object that fits it. */
export const planTargets: PlanTargets = (rule, { bucket, key, eTag, eventTime }) => {
  const event: ObjectEvent = {
    bucket,
    key,
    eventName: 'ObjectCreated:PutObject',
    eventTime: eventTime ?? '2026-01-01T00:00:00.000Z',
    ...fittingFacts(rule.match),
    ...(eTag && { eTag }),
  };
  const rules = { onPermanentFailure: 'throw' as const, rules: [rule] };
  const items = plan({ kind: 'object', event }, rules, () => false);
  return items.flatMap((item) => ('target' in item && item.target !== undefined ? [item.target] : []));
};
