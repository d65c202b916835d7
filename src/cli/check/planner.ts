import { findMismatch } from '../../check/old/match.ts';
import { fittingFacts } from '../../check/old/sources.ts';
import type { PlanTargets } from '../../check/old/witness.ts';
import type { ObjectEvent } from '../../events/object-event.ts';
import { allKeys } from '../../pipeline/ad-hoc.ts';
import { plan } from '../../pipeline/plan.ts';
import { variantsOf } from '../../rules/template.ts';

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
  if (findMismatch(rule.match, event) !== undefined) {
    return [];
  }
  const outputs = rule.outputs.map(({ style, target, vary }) => ({
    style: style.parts,
    target: { bucket: target.bucket, key: target.key.parts },
    variants: variantsOf(vary),
  }));
  const match = { keys: allKeys, buckets: [], contentTypes: [] };
  const items = plan({ kind: 'object', event }, { rules: [{ name: rule.name, match, outputs }] });
  return items.flatMap((item) => ('target' in item && item.target !== undefined ? [item.target] : []));
};
