import { formatValue } from '../events/envelopes.ts';
import {
  EventError,
  type EventRecord,
  type ManualOptions,
  type ObjectEvent,
} from '../events/object-event.ts';
import { isJsonObject } from '../json.ts';
import { digestOfRules } from '../rules/digest.ts';
import { type RuleSet, RulesError, rulesFormat } from '../rules/rule-set.ts';
import { keyVariables, type Part, parseTemplate, variablesOf } from '../rules/template.ts';
import { plan } from './plan.ts';
import { formatObject } from './result.ts';

/** An output in place of the rules, as it came. */
type AdHocOutput = Pick<NonNullable<ManualOptions['adHoc']>, 'style' | 'target'>;

/** Every key there is. */
const allKeys = { prefix: '', suffix: '', ranges: [0], classes: [0], classCount: 1, next: [0], accepts: [1] };

/**
 * Gives each record its rules: those of the function, or the output that a manual event carries. A
 * record whose own output is wrong, or would overwrite another object's, or that was planned by other rules,
 * becomes a malformed one and stops no other. Throws RulesError where all were planned by other rules.
 */
export function withRules(records: readonly EventRecord[], ruleSet: RuleSet) {
  const sources = new Map<string, string>();
  const asksForDigest = records.some(({ options }) => options?.rulesDigest !== undefined);
  const digest = asksForDigest ? digestOfRules(ruleSet.rules) : undefined;
  const mismatches = records.map((record) => describeOtherRules(record, digest));
  if (mismatches[0] !== undefined && !mismatches.includes(undefined)) {
    throw new RulesError(mismatches[0]);
  }
  return records.map((record, i): { record: EventRecord; ruleSet: RuleSet } => {
    const mismatch = mismatches[i];
    if (mismatch !== undefined) {
      return { record: { kind: 'malformed', problem: mismatch, options: record.options }, ruleSet };
    }
    const { adHoc } = record.options ?? {};
    if (adHoc === undefined || record.kind !== 'object') {
      return { record, ruleSet };
    }
    try {
      const own = adHocRules(adHoc);
      assertOwnTarget(record.event, own, sources);
      return { record, ruleSet: own };
    } catch (error) {
      const problem = `${adHoc.path}${error instanceof Error ? error.message : error}`;
      return { record: { kind: 'malformed', problem, options: record.options }, ruleSet };
    }
  });
}

/** Says that a record was planned by other rules than those of the digest; undefined where it was not. */
function describeOtherRules({ options }: EventRecord, digest: string | undefined): string | undefined {
  const planned = options?.rulesDigest;
  if (planned === undefined || planned === digest) {
    return undefined;
  }
  const others = `planned by other rules (${formatValue(planned)}) than those of this function ("${digest}")`;
  return `rulesDigest: the event was ${others}: build the rules of the event and deploy the function again.`;
}

/** Throws EventError where the target is that of another object; `sources` holds them by target. */
function assertOwnTarget(object: ObjectEvent, ruleSet: RuleSet, sources: Map<string, string>): void {
  // An ETag that OSS has yet to be asked for is another one for each object.
  const event = { ...object, eTag: object.eTag ?? object.key };
  const [item] = plan({ kind: 'object', event }, ruleSet);
  if (item?.target === undefined) {
    return;
  }
  const [source, target] = [formatObject(event), formatObject(item.target)];
  const other = sources.get(target) ?? source;
  if (other !== source) {
    const received = `${target} for ${other} and ${source}`;
    throw new EventError(`target.key: expected a key of its own for each object, received ${received}.`);
  }
  sources.set(target, source);
}

/**
 * The rules that an event carries: one rule without a guard, which takes whatever object the event
 * names. Throws EventError where style or target are wrong.
 */
export function adHocRules({ style, target }: AdHocOutput): RuleSet {
  if (!isJsonObject(target)) {
    throw new EventError(`target: expected an object with key, received ${formatValue(target)}.`);
  }
  const { bucket, key, ...others } = target;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new EventError(`target.${unknown}: no such field here.`);
  }
  if (bucket !== undefined && typeof bucket !== 'string') {
    throw new EventError(`target.bucket: expected a text, received ${formatValue(bucket)}.`);
  }
  const output = {
    // Variables of the key stand in Base64 only: a key such as `a|sys/saveas,o_…` would save elsewhere.
    style: readTemplate('style', style, []),
    target: { bucket, key: readTemplate('target.key', key, keyVariables) },
    variants: [{}],
  };
  const match = { keys: allKeys, buckets: [], contentTypes: [] };
  const rules = [{ name: 'manual', match, outputs: [output] }];
  return { format: rulesFormat, builtBy: 'the event', onPermanentFailure: 'throw', rules };
}

/** Variables of `bare` may stand anywhere, the others only within {b64:…}. */
function readTemplate(field: string, text: unknown, bare: readonly string[]): Part[] {
  if (typeof text !== 'string') {
    throw new EventError(`${field}: expected a text, received ${formatValue(text)}.`);
  }
  const parsed = parseTemplate(text);
  if (!parsed.ok) {
    throw new EventError(`${field}: expected ${parsed.expected}, received ${parsed.received}.`);
  }
  const { parts } = parsed.template;
  const wrong = variablesOf(parts).find(({ name, inB64 }) => !(inB64 ? keyVariables : bare).includes(name));
  if (wrong !== undefined) {
    const known = `{${keyVariables.join('}, {')}}${bare.length === 0 ? ', in {b64:…} only' : ''}`;
    throw new EventError(`${field}: expected one of ${known}, received {${wrong.name}}.`);
  }
  return parts;
}
