import { readTime } from './events/envelopes.ts';
import type { ObjectEvent } from './events/object-event.ts';
import { plan } from './pipeline/plan.ts';
import type { Output, Rule, RuleSet } from './rules/rule-set.ts';
import { type VariableValues, variablesOf } from './rules/template.ts';

export { parseRuleSet, type RuleSet, RulesError } from './rules/rule-set.ts';
export type { VariableValues };

/** An uploaded object, as far as known; rules with a condition on size or type need it here. */
export interface Upload extends Pick<ObjectEvent, 'bucket' | 'key' | 'sizeBytes' | 'contentType' | 'eTag'> {
  /** ISO 8601 with `Z` or an offset; needed where a target's key has the day in it. */
  eventTime?: string | undefined;
}

/** An object that the function makes of an upload. */
export interface RuleTarget {
  bucket: string;
  key: string;
  /** The name of the rule that makes it. */
  rule: string;
  /** The values of `vary` that it was made with, such as `{ w: 320 }`; empty where nothing varies. */
  vary: VariableValues;
}

/**
 * Names what the function makes of an upload, in the order of the rules. Pure, without network, in browsers
 * too. The function's own planner is asked about one variant at a time, so the two cannot disagree. Throws
 * RangeError where a key needs an ETag or a day that the upload does not tell, or tells in local time.
 */
export function targetsOf({ rules }: Pick<RuleSet, 'rules'>, upload: Upload): RuleTarget[] {
  return rules.flatMap((rule) =>
    rule.outputs.flatMap((output) =>
      output.variants.flatMap((vary) => targetsOfVariant(rule, output, vary, upload)),
    ),
  );
}

function targetsOfVariant(rule: Rule, output: Output, vary: VariableValues, upload: Upload): RuleTarget[] {
  // A missing time is in no target's key, as is asserted below, and styles are not returned.
  const eventTime = readTime(upload.eventTime ?? '1970-01-01T00:00:00Z');
  if (eventTime === undefined) {
    throw new RangeError(
      `eventTime: expected ISO 8601 such as 2026-01-31T18:00:00Z, received "${upload.eventTime}"`,
    );
  }
  // HTTP clients give it with its quotes, events without.
  const eTag = upload.eTag?.replace(/^"|"$/g, '');
  const event = { ...upload, eTag, eventTime, eventName: 'ObjectCreated:PutObject' };
  const only = { ...rule, outputs: [{ ...output, variants: [vary] }] };
  return plan({ kind: 'object', event }, { rules: [only] }).flatMap((item) => {
    if (item.status !== 'planned') {
      return [];
    }
    assertTold(rule, output, upload);
    return [{ ...item.target, rule: rule.name, vary }];
  });
}

function assertTold({ name: rule }: Rule, { target }: Output, { eTag, eventTime }: Upload): void {
  for (const { name } of variablesOf(target.key)) {
    if ((name === 'etag' && eTag === undefined) || (/^(yyyy|mm|dd)$/.test(name) && eventTime === undefined)) {
      const missing = name === 'etag' ? 'eTag' : 'eventTime';
      throw new RangeError(`rule ${rule} names its targets by {${name}}: pass the upload's ${missing}`);
    }
  }
}
