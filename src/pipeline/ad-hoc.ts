import type { AdHocOutput } from '../events/manual.ts';
import { EventError } from '../events/parse.ts';
import { fieldsOf, isJsonObject, textOf } from '../json.ts';
import { hasSaveAs } from '../process.ts';
import type { KeyTable } from '../rules/key-table.ts';
import { type Output, type RuleSet, rulesFormat } from '../rules/rule-set.ts';
import {
  keyVariables,
  type Part,
  parseTemplate,
  render,
  variablesOf,
  variantsOf,
} from '../rules/template.ts';

/** Every key there is. */
export const allKeys: KeyTable = {
  prefix: '',
  ranges: [0],
  classes: [0],
  classCount: 1,
  next: [0],
  accepts: [1],
};

/** More outputs than this from one `vary` is a slip: each is a billed call to OSS. */
const maxVariants = 100;

/**
 * The rules that an event brings along: one rule without a guard, which takes whatever object the event names. Throws
 * EventError where style, target or vary are wrong.
 */
export function adHocRules(output: AdHocOutput): RuleSet {
  const match = { keys: allKeys, buckets: [], contentTypes: [] };
  const rules = [{ name: 'manual', match, outputs: [readOutput(output)] }];
  return { format: rulesFormat, builtBy: 'the event', onPermanentFailure: 'throw', rules };
}

function readOutput({ style, target, vary }: AdHocOutput): Output {
  const { bucket, key, ...others } = fieldsOf(target);
  if (Object.keys(others).length > 0 || (bucket !== undefined && typeof bucket !== 'string')) {
    throw new EventError('target: expected {"bucket": …, "key": …}, of which the bucket may be left out.');
  }
  const values = readVary(vary);
  // What an upload decides is never part of the style itself: a key such as `a|sys/saveas,o_…` would save elsewhere.
  const styleParts = readTemplate('style', style, Object.keys(values));
  const keyParts = readTemplate('target.key', key, [...keyVariables, ...Object.keys(values)]);
  if (hasSaveAs(String(style))) {
    throw new EventError('style: expected no sys/saveas, because target says where to save.');
  }
  const variants = variantsOf(values);
  if (
    variants.length > maxVariants ||
    new Set(variants.map((one) => render(keyParts, one))).size < variants.length
  ) {
    throw new EventError(
      `vary: expected at most ${maxVariants} variants, each with a target.key of its own.`,
    );
  }
  return { style: styleParts, target: { bucket: textOf(bucket), key: keyParts }, variants };
}

/** Variables of `anywhere` may stand anywhere, those of the key only within {b64:…}. */
function readTemplate(field: string, text: unknown, anywhere: readonly string[]): Part[] {
  if (typeof text !== 'string' || text.trim() === '') {
    throw new EventError(`${field}: expected a text, received ${JSON.stringify(text) ?? 'nothing'}.`);
  }
  const parsed = parseTemplate(text);
  if (!parsed.ok) {
    throw new EventError(`${field}: expected ${parsed.expected}, received ${parsed.received}.`);
  }
  const { parts } = parsed.template;
  const inBase64 = [...keyVariables, ...anywhere];
  const wrong = variablesOf(parts).find(({ name, inB64 }) => !(inB64 ? inBase64 : anywhere).includes(name));
  if (wrong !== undefined) {
    const hint = inBase64.includes(wrong.name)
      ? `{${wrong.name}} only inside {b64:…}`
      : `one of {${inBase64.join('}, {')}}`;
    throw new EventError(`${field}: expected ${hint}, received "{${wrong.name}}".`);
  }
  return parts;
}

function readVary(vary: unknown = {}): Record<string, (string | number)[]> {
  const isValue = (value: unknown) => typeof value === 'string' || typeof value === 'number';
  const entries = Object.entries(isJsonObject(vary) ? vary : { '': vary });
  const lists = entries.map(([name, values]): [string, (string | number)[]] => {
    const list = Array.isArray(values) ? values.filter(isValue) : [];
    if (!/^\w+$/.test(name) || keyVariables.includes(name) || list.length === 0) {
      throw new EventError(
        `vary: expected own variables, each with a list of values, such as {"w": [320, 640]}.`,
      );
    }
    return [name, list];
  });
  return Object.fromEntries(lists);
}
