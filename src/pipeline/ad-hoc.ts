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
  suffix: '',
  ranges: [0],
  classes: [0],
  classCount: 1,
  next: [0],
  accepts: [1],
};

/**
 * The rules that an event brings along: one rule without a guard, which takes whatever object the event names. Throws
 * EventError where style, target or vary are wrong.
 */
export function adHocRules(output: AdHocOutput): RuleSet {
  const match = { keys: allKeys, buckets: [], contentTypes: [] };
  const rules = [{ name: 'manual', match, outputs: [readOutput(output)] }];
  return { format: rulesFormat, builtBy: 'the event', onPermanentFailure: 'throw', rules };
}

function readOutput({ style, target, vary = {} }: AdHocOutput): Output {
  const { bucket, key, ...others } = fieldsOf(target);
  check(Object.keys(others).length === 0, 'target', 'only bucket and key', target);
  check(bucket === undefined || typeof bucket === 'string', 'target.bucket', 'a bucket name', bucket);
  check(isVary(vary), 'vary', 'variables of its own, each with a list of values, at most 100 variants', vary);
  const own = Object.keys(vary);
  // What an upload decides is never part of the style itself: a key such as `a|sys/saveas,o_…` would save elsewhere.
  const styleParts = readTemplate('style', style, own);
  check(!hasSaveAs(String(style)), 'style', 'no sys/saveas, because target says where to save', style);
  const keyParts = readTemplate('target.key', key, [...own, ...keyVariables]);
  const variants = variantsOf(vary);
  const keys = new Set(variants.map((variant) => render(keyParts, variant)));
  check(keys.size === variants.length, 'target.key', 'a key of its own for each variant', key);
  return { style: styleParts, target: { bucket: textOf(bucket), key: keyParts }, variants };
}

function isVary(vary: unknown): vary is Record<string, (string | number)[]> {
  const isValue = (value: unknown) => typeof value === 'string' || typeof value === 'number';
  let count = 1;
  for (const [name, values] of Object.entries(fieldsOf(vary))) {
    if (keyVariables.includes(name) || !Array.isArray(values) || !values.every(isValue)) {
      return false;
    }
    count *= values.length;
  }
  return isJsonObject(vary) && count >= 1 && count <= 100;
}

/** Variables of `bare` may stand anywhere, those of the key in any case within {b64:…}. */
function readTemplate(field: string, text: unknown, bare: readonly string[]): Part[] {
  check(typeof text === 'string' && text.trim() !== '', field, 'a text', text);
  const parsed = parseTemplate(text);
  if (!parsed.ok) {
    throw new EventError(`${field}: expected ${parsed.expected}, received ${parsed.received}.`);
  }
  const { parts } = parsed.template;
  const wrong = variablesOf(parts).find(
    ({ name, inB64 }) => !bare.includes(name) && !(inB64 && keyVariables.includes(name)),
  );
  const known = `variables of vary, or {${keyVariables.join('}, {')}}, which a style takes within {b64:…} only`;
  check(wrong === undefined, field, known, `{${wrong?.name}}`);
  return parts;
}

function check(isRight: boolean, field: string, expected: string, received: unknown): asserts isRight {
  if (!isRight) {
    throw new EventError(
      `${field}: expected ${expected}, received ${JSON.stringify(received) ?? 'nothing'}.`,
    );
  }
}
