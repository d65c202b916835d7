import { decodeBase64 } from '../base64-text.ts';
import type { Severity } from '../check/diagnostic.ts';
import { didYouMean } from '../did-you-mean.ts';
import { type CatalogOperation, forms, lookUp, type Parameter } from './catalog.ts';
import type { StyleAction, StyleParameter, StyleToken } from './parse.ts';

/** The request that will carry the style: ProcessObject (`sync`) or AsyncProcessObject, with save-as. */
export interface StyleRequest {
  readonly mode?: 'sync' | 'async' | undefined;
  readonly isSaved?: boolean | undefined;
  /** Such as `cn-hangzhou`. */
  readonly region?: string | undefined;
}

export interface StyleContext extends StyleRequest {
  readonly report: (severity: Severity, at: StyleToken, message: string, hint?: string) => void;
  /** Whether this is the preprocessing of a watermark image. */
  readonly isNested: boolean;
}

/** An operation of the catalog in a style; `label` is `category/action`. */
export interface OperationContext extends StyleContext {
  readonly label: string;
  readonly operation: CatalogOperation;
}

const base64Hint = 'Write the text itself as {b64:…}, with single braces and nothing beside it.';

type CatalogParameter = ReturnType<typeof findParameter>;
type GivenParameters = ReadonlyMap<string, CatalogParameter>;

/** A parameter with its entry in the catalog, if there is one. A bare value is named `value`. */
export function findParameter(parameter: StyleParameter, operation: CatalogOperation, isNested: boolean) {
  const { whole, key } = parameter;
  const isBare = key === undefined || operation.params === undefined;
  const name = isBare ? 'value' : key.text;
  const spec = isBare ? operation.value : lookUp(operation.params, name);
  const isKnown = isNested || spec?.nested !== true;
  return { name, whole, value: isBare ? whole : parameter.value, spec: isKnown ? spec : undefined };
}

/** Checks the parameters of an action: first each by itself, then which are missing or conflict. */
export function checkParameters({ name, parameters }: StyleAction, context: OperationContext): void {
  const { label, operation, isNested, report } = context;
  const all = parameters.map((one) => findParameter(one, operation, isNested));
  const known = all.filter(({ spec }) => spec !== undefined);
  const given = new Map(known.toReversed().map((one) => [one.name, one]));
  for (const parameter of all) {
    const { name: key, whole } = parameter;
    checkParameter(parameter, given, context);
    checkEffect(parameter, given, context);
    if ((given.get(key) ?? parameter) !== parameter) {
      report(key === 'value' ? 'error' : 'warning', whole, `${label} takes a single ${key}`);
    }
  }
  for (const { oneOf, ec } of operation.needs ?? []) {
    if (!oneOf.some((needed) => given.has(needed))) {
      report('error', name, `${label} needs ${oneOf.join(' or ')}${ecNote(ec)}`);
    }
  }
}

function checkParameter(parameter: CatalogParameter, given: GivenParameters, context: OperationContext) {
  const { name, whole, spec } = parameter;
  const { label, operation, region = '', report } = context;
  if (spec === undefined) {
    // Live tests of every SDK send crop,…,r_1, which OSS ignores, so an unknown parameter is no error.
    const names = Object.keys(operation.params ?? {});
    const expected = names.length === 0 ? 'no parameter' : `one of ${names.join('_ ')}_`;
    report('warning', whole, `${label} expects ${expected}${didYouMean(name, names)}`);
    return;
  }
  const { text } = parameter.value;
  const at = text === '' ? whole : parameter.value;
  const where = name === 'value' ? label : `${label} ${name}_`;
  const objection = judgeValue(text, spec);
  if (objection !== undefined) {
    const isOlderForm = spec.plain !== undefined && new RegExp(spec.plain).test(text);
    const isRead = spec.type !== 'base64' || decodeBase64(text) !== undefined;
    const isDoubtful = spec.soft === true && (isRead || isOlderForm);
    const isBothZero = ['w', 'h'].every((side) => given.get(side)?.value.text === '0');
    const ownEc = text === '0' && isBothZero ? operation.bothZeroEc : undefined;
    const ec = isDoubtful ? undefined : (ownEc ?? ecOf(text, spec));
    const hint = spec.type === 'base64' && !decodeBase64(text) ? base64Hint : undefined;
    const message = `${where}: expected ${objection}, received "${text}"${ecNote(ec)}`;
    report(isDoubtful ? 'warning' : 'error', at, message, hint);
  }
  const note = lookUp(spec.notes, text) ?? lookUp(spec.notes, '');
  if (note !== undefined) {
    report('note', at, `${where} ${text} ${note}`);
  }
  const regions = lookUp(spec.regions, text);
  if (regions !== undefined && !regions.includes(region)) {
    report('warning', at, `${where} ${text} is possible only in ${regions.join(', ')}`);
  }
}

/** The EC number for a wrong value: one of another form (no number, an empty text) may have its own. */
export function ecOf(value: string, { type, ec, formEc }: Parameter): string | undefined {
  const isOtherForm = type === 'int' ? !/^(-?\d+)?$/.test(value) : value === '';
  return (isOtherForm ? formEc : undefined) ?? ec;
}

/** Reports a parameter that has no effect with, or without, another one. */
function checkEffect(parameter: CatalogParameter, given: GivenParameters, context: OperationContext): void {
  const { name, whole, spec } = parameter;
  const { label, operation, report } = context;
  const rival = spec?.ignoredWith?.find((other) => given.has(other));
  if (rival !== undefined) {
    report('warning', whole, `${label}: ${name}_ has no effect beside ${rival}_`);
  }
  for (const [other, values] of Object.entries(spec?.onlyWith ?? {})) {
    const value = given.get(other)?.value.text ?? operation.params?.[other]?.default;
    if (value === undefined || (values.length > 0 && !values.includes(value))) {
      const wanted = `${other}_${values.join(` or ${other}_`)}`;
      report('warning', whole, `${label}: ${name}_ has an effect only with ${wanted}`);
    }
  }
}

/** A note on the error code that OSS documents, if there is one. */
export const ecNote = (ec: string | undefined) => (ec === undefined ? '' : `; OSS refuses it with EC ${ec}`);

/** Describes what the catalog expects instead of a value; undefined if the value is right. */
export function judgeValue(value: string, parameter: Parameter): string | undefined {
  const { type, values = [], min = -Infinity, max = Infinity } = parameter;
  if (type === 'base64') {
    return judgeBase64(value, parameter);
  }
  if (type === 'enum') {
    return values.includes(value) ? undefined : `one of ${values.join(', ')}${didYouMean(value, values)}`;
  }
  const { pattern = '', noun = 'a value' } = lookUp(forms, type) ?? {};
  const numbers = (value.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
  const isInRange = numbers.every((number) => number >= min && number <= max);
  const lowest = min > -Infinity ? ` of ${min} or more` : '';
  const range = max < Infinity ? ` from ${min} to ${max}` : lowest;
  return new RegExp(pattern).test(value) && isInRange ? undefined : noun + range;
}

function judgeBase64(value: string, { maxBytes = Infinity, pattern = '', inWords }: Parameter) {
  const text = decodeBase64(value);
  if (text === undefined || text === '') {
    return 'text in URL-safe Base64 without padding';
  }
  if (new TextEncoder().encode(text).length > maxBytes) {
    return `the Base64 of text of at most ${maxBytes} bytes`;
  }
  return new RegExp(pattern, 'su').test(text) ? undefined : `the Base64 of ${inWords}`;
}
