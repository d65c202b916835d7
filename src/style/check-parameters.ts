import type { Severity } from '../check/diagnostic.ts';
import { didYouMean } from '../did-you-mean.ts';
import { type CatalogOperation, lookUp } from './catalog.ts';
import type { StyleAction, StyleParameter, StyleToken } from './parse.ts';
import { decodeBase64, judgeValue } from './value.ts';

/** The request that will carry the style: ProcessObject (`sync`) or AsyncProcessObject, a save-as clause appended. */
export interface StyleRequest {
  readonly mode?: 'sync' | 'async' | undefined;
  readonly isSaved?: boolean | undefined;
  /** Such as `cn-hangzhou`. */
  readonly region?: string | undefined;
}

export interface StyleContext extends StyleRequest {
  readonly report: (severity: Severity, at: StyleToken, message: string, hint?: string) => void;
  /** It is the preprocessing of a watermark image. */
  readonly isNested: boolean;
}

/** An operation of the catalog in a style; `label` is `category/action`. */
export interface OperationContext extends StyleContext {
  readonly label: string;
  readonly operation: CatalogOperation;
}

type CatalogParameter = ReturnType<typeof findParameter>;
type Parameters = ReadonlyMap<string, CatalogParameter>;

/** A parameter and what the catalog says of it, if it knows it. A bare value is named `value`. */
export function findParameter(parameter: StyleParameter, operation: CatalogOperation, isNested: boolean) {
  const { whole, key } = parameter;
  const isBare = key === undefined || operation.params === undefined;
  const name = isBare ? 'value' : key.text;
  const spec = isBare ? operation.value : lookUp(operation.params, name);
  const isKnown = isNested || spec?.nested !== true;
  return { name, whole, value: isBare ? whole : parameter.value, spec: isKnown ? spec : undefined };
}

/** Judges the parameters of an action: each for itself, then what must and what should not stand together. */
export function checkParameters({ name, parameters }: StyleAction, context: OperationContext): void {
  const { label, operation, isNested, report } = context;
  const given = new Map<string, CatalogParameter>();
  for (const parameter of parameters.map((one) => findParameter(one, operation, isNested))) {
    const { name: key, whole, spec } = parameter;
    checkParameter(parameter, context);
    if (given.has(key)) {
      report(key === 'value' ? 'error' : 'warning', whole, `${label} takes a single ${key}`);
    }
    if (spec !== undefined) {
      given.set(key, parameter);
    }
  }
  for (const { oneOf, ec } of operation.needs ?? []) {
    if (!oneOf.some((needed) => given.has(needed))) {
      report('error', name, `${label} needs ${oneOf.join(' or ')}${ecNote(ec)}`);
    }
  }
  for (const parameter of given.values()) {
    checkEffect(parameter, given, context);
  }
}

function checkParameter(parameter: CatalogParameter, context: OperationContext): void {
  const { name, whole, spec } = parameter;
  const { label, operation, region = '', report } = context;
  if (spec === undefined) {
    // Live tests of every SDK send crop,…,r_1, and OSS ignores it: an unknown parameter is no error.
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
    const isDoubtful = spec.soft === true && (spec.type !== 'base64' || decodeBase64(text) !== undefined);
    const ec = isDoubtful ? undefined : ((text === '' ? spec.emptyEc : undefined) ?? spec.ec);
    const hint = spec.type === 'base64' && !decodeBase64(text) ? base64Hint(text) : undefined;
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

/** Says how a text gets into a style; `text` is what was written in its place. */
export function base64Hint(text: string): string {
  if (text === '') {
    return 'Write {b64:…} with a text in it.';
  }
  return text.includes('{b64:')
    ? 'Write {b64:…} with single braces, and nothing beside it.'
    : `Write {b64:${text}} if that is the text itself.`;
}

/** Reports what has no effect beside, or without, another parameter. */
function checkEffect(parameter: CatalogParameter, given: Parameters, context: OperationContext): void {
  const { name, whole, spec } = parameter;
  const { label, operation, report } = context;
  const rival = spec?.ignoredWith?.find((other) => given.has(other));
  if (rival !== undefined) {
    report('warning', whole, `${label}: beside ${rival}_, ${name}_ does not count`);
  }
  for (const [other, values] of Object.entries(spec?.onlyWith ?? {})) {
    const value = given.get(other)?.value.text ?? operation.params?.[other]?.default;
    if (value === undefined || (values.length > 0 && !values.includes(value))) {
      const wanted = `${other}_${values.join(` or ${other}_`)}`;
      report('warning', whole, `${label}: ${name}_ has an effect only with ${wanted}`);
    }
  }
}

/** The words about the error code that OSS documents, if there is one. */
export function ecNote(ec: string | undefined): string {
  return ec === undefined ? '' : `; OSS refuses it with EC ${ec}`;
}
