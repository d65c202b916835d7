import { didYouMean } from '../did-you-mean.ts';
import { lookUp, type Operation, type Parameter } from './catalog.ts';
import type { StyleAction, StyleParameter, StyleToken } from './parse.ts';
import type { Report, StyleRequest } from './style-issue.ts';
import { judgeValue } from './value.ts';

/** What the checks of one action know of it. */
export interface ActionContext {
  readonly operation: Operation;
  readonly action: StyleAction;
  /** `category/name` */
  readonly label: string;
  readonly request: StyleRequest;
  /** Whether the action stands in the preprocessing of a watermark image. */
  readonly isNested: boolean;
  readonly report: Report;
}

type Given = ReadonlyMap<string, StyleParameter>;

/** Judges the parameters of an action: each for itself, then what must and what should not stand together. */
export function checkAction(context: ActionContext): void {
  const { action, label, report } = context;
  const { value, params, note } = context.operation;
  if (note !== undefined) {
    report('info', action.name, `${label} ${note}`);
  }
  if (value !== undefined && params === undefined) {
    checkBareValue(value, context);
  } else {
    checkKeyed(context);
  }
}

function checkKeyed(context: ActionContext): void {
  const { action, label, report } = context;
  const given = new Map<string, StyleParameter>();
  for (const parameter of action.parameters) {
    if (wholeOf(parameter).text === '') {
      continue; // the parser reports it
    }
    const name = checkParameter(parameter, context);
    if (name === undefined) {
      continue;
    }
    if (given.has(name)) {
      report('warning', wholeOf(parameter), `${label}: ${name}_ is given twice`);
    }
    given.set(name, parameter);
  }
  checkMissing(given, context);
  for (const [name, parameter] of given) {
    checkCompany(name, wholeOf(parameter), given, context);
  }
}

/** The name under which a parameter counts as given (`value` for a bare one), if the action knows it. */
function checkParameter({ key, value }: StyleParameter, context: ActionContext): string | undefined {
  const { operation, label, isNested, report } = context;
  const { params = {}, open } = operation;
  const name = key?.text ?? 'value';
  const spec = key === undefined ? operation.value : lookUp(params, name);
  if (spec !== undefined && (spec.nested !== true || isNested)) {
    const at = value.text === '' ? wholeOf({ ...(key && { key }), value }) : value;
    checkValue(spec, value.text, at, key === undefined ? label : `${label} ${name}_`, context);
    return name;
  }
  if (open === true) {
    return undefined;
  }
  // Live tests of every SDK send crop,…,r_1, and OSS ignores it: an unknown parameter is no error.
  const names = Object.keys(params).map((known) => `${known}_`);
  const expected = names.length === 0 ? 'no parameter' : `one of ${names.join(' ')}`;
  const hint = spec === undefined ? didYouMean(name, Object.keys(params)) : ', for watermark images only';
  report('warning', key ?? value, label, expected, hint);
  return undefined;
}

/** An action of a single bare value, such as `rotate,90`: whatever stands there is that value. */
function checkBareValue(spec: Parameter, context: ActionContext): void {
  const [first, second] = context.action.parameters.map(wholeOf);
  if (first === undefined) {
    reportMissing('a value', spec.missingEc, context);
  } else if (first.text !== '') {
    checkValue(spec, first.text, first, context.label, context);
  }
  const message = `${context.label} takes a single value; OSS refuses more with EC 0040-00000203`;
  if (second !== undefined) {
    context.report('error', second, message);
  }
}

function checkValue(
  spec: Parameter,
  value: string,
  at: StyleToken,
  where: string,
  context: ActionContext,
): void {
  const { report, request } = context;
  const complaint = judgeValue(value, spec);
  if (complaint !== undefined) {
    const [severity, expected, note] = complaint;
    report(severity, at, where, expected, note);
  }
  const [severity, note] = lookUp(spec.notes, value) ?? lookUp(spec.notes, '') ?? [];
  if (note !== undefined) {
    report(severity === 'warning' ? severity : 'info', at, `${where} ${value} ${note}`);
  }
  const regions = lookUp(spec.regions, value);
  if (regions !== undefined && !regions.includes(request.region ?? '')) {
    report('warning', at, `${where} ${value} is possible only in ${regions.join(', ')}`);
  }
}

function checkMissing(given: Given, context: ActionContext): void {
  const { params = {}, oneOf = [], missingEc } = context.operation;
  for (const [name, { required, ec }] of Object.entries(params)) {
    if (required === true && !given.has(name)) {
      reportMissing(`${name}_`, ec, context);
    }
  }
  if (oneOf.length === 0 || [...oneOf, 'value'].some((name) => given.has(name))) {
    return;
  }
  const possible = oneOf.filter((name) => context.isNested || params[name]?.nested !== true);
  reportMissing(possible.map((name) => `${name}_`).join(' or '), missingEc, context);
}

function reportMissing(what: string, ec: string | undefined, { action, label, report }: ActionContext): void {
  report(
    'error',
    action.name,
    `${label} needs ${what}${ec === undefined ? '' : `; OSS refuses it with EC ${ec}`}`,
  );
}

/** What has no effect beside, or without, another parameter. */
function checkCompany(
  name: string,
  at: StyleToken,
  given: Given,
  { operation, label, report }: ActionContext,
): void {
  const { params = {} } = operation;
  const { ignoredWith = [], onlyWith = {} } = lookUp(params, name) ?? {};
  const rival = ignoredWith.find((other) => given.has(other));
  if (rival !== undefined) {
    report('warning', at, `${label}: beside ${rival}_, ${name}_ does not count`);
  }
  for (const [other, values] of Object.entries(onlyWith)) {
    const value = given.get(other)?.value.text ?? params[other]?.default;
    if (value !== undefined && (values.length === 0 || values.includes(value))) {
      continue;
    }
    const wanted = values.length === 0 ? `${other}_` : values.map((text) => `${other}_${text}`).join(', ');
    report('warning', at, `${label}: ${name}_ has an effect only with ${wanted}`);
  }
}

/** A parameter as it stands, key and value. */
function wholeOf({ key, value }: StyleParameter): StyleToken {
  return key === undefined ? value : { text: `${key.text}_${value.text}`, offset: key.offset };
}
