import { describe } from '../events/envelopes.ts';
import { EventError, type EventRecord, type ManualOptions } from '../events/object-event.ts';
import { isJsonObject } from '../json.ts';
import { type RuleSet, rulesFormat } from '../rules/rule-set.ts';
import { keyVariables, type Part, parseTemplate, variablesOf } from '../rules/template.ts';
import { plan } from './plan.ts';
import { formatObject } from './result.ts';

/** Every key there is. */
const allKeys = { prefix: '', suffix: '', ranges: [0], classes: [0], classCount: 1, next: [0], accepts: [1] };

/** An output in place of the rules, as it came. */
type AdHocOutput = Pick<NonNullable<ManualOptions['adHoc']>, 'style' | 'target'>;

/** A record of an event, and the rules that hold for it. */
interface RuledRecord {
  record: EventRecord;
  ruleSet: RuleSet;
}

/**
 * Gives each record its rules: those of the function, or the output that a manual event brings along. A record whose own
 * output is wrong, or would overwrite another object's, becomes a malformed one and stops no other. Throws EventError
 * where that leaves none.
 */
export function withRules(records: readonly EventRecord[], ruleSet: RuleSet): RuledRecord[] {
  const sources = new Map<string, string>();
  let failure: EventError | undefined;
  const ruled = records.map((record): RuledRecord => {
    const { adHoc } = record.options ?? {};
    if (adHoc === undefined) {
      return { record, ruleSet };
    }
    try {
      const own = { record, ruleSet: adHocRules(adHoc) };
      assertOwnTarget(own, sources);
      return own;
    } catch (error) {
      const problem = `${adHoc.path}${error instanceof Error ? error.message : error}`;
      failure ??= new EventError(problem);
      return { record: { kind: 'malformed', problem, options: record.options }, ruleSet };
    }
  });
  if (failure !== undefined && ruled.every(({ record }) => record.kind === 'malformed')) {
    throw failure;
  }
  return ruled;
}

/** Throws EventError where the target is that of another object, which `sources` holds by target. */
function assertOwnTarget({ record, ruleSet }: RuledRecord, sources: Map<string, string>): void {
  if (record.kind !== 'object') {
    return;
  }
  // An ETag that OSS has to be asked for is another one for each object.
  const event = { ...record.event, eTag: record.event.eTag ?? record.event.key };
  const [item] = plan({ kind: 'object', event }, ruleSet);
  if (item?.target === undefined) {
    return;
  }
  const [source, target] = [formatObject(event), formatObject(item.target)];
  if ((sources.get(target) ?? source) !== source) {
    throw new EventError(
      `target.key: expected a key of its own for each object, received ${target} for two.`,
    );
  }
  sources.set(target, source);
}

/**
 * The rules that an event brings along: one rule without a guard, which takes whatever object the event names. Throws
 * EventError where style or target are wrong.
 */
export function adHocRules({ style, target }: AdHocOutput): RuleSet {
  if (!isJsonObject(target)) {
    throw new EventError(`target: expected an object with key, received ${describe(target)}.`);
  }
  const { bucket, key, ...others } = target;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new EventError(`target.${unknown}: no such field here.`);
  }
  if (bucket !== undefined && typeof bucket !== 'string') {
    throw new EventError(`target.bucket: expected a text, received ${describe(bucket)}.`);
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
    throw new EventError(`${field}: expected a text, received ${describe(text)}.`);
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
