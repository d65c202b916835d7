import type { z } from 'zod';
import { didYouMean } from '../did-you-mean.ts';
import { keyVariables, render, type Template, variablesOf } from '../rules/template.ts';
import { isAsynchronous } from '../style/catalog.ts';
import type { ParsedOutput, ParsedRule } from './schema.ts';
import { isSubmitted, placeholders, stylesOf, variablesBeyondKey, variantsOf } from './variants.ts';

/*
 * These checks find what a schema of single fields cannot. Templates are rendered with the `vary` values and
 * a placeholder for each key variable: whatever is then equal is equal for every object.
 */

type Refinement = z.core.$RefinementCtx;

/** Reports at a path what was expected and what was received, starting at `offset` in its text. */
function report(
  { addIssue }: Refinement,
  path: (string | number)[],
  expected: string,
  received: string,
  offset?: number,
) {
  // A copy, because the library adds to it.
  addIssue({ code: 'custom', path: [...path], message: expected, params: { received, offset } });
}

/** More outputs of one `style` are a slip in `vary`: each is a billed call for every upload. */
const maxVariants = 100;

/**
 * Reports what is wrong with an output, whatever its rule takes: unknown variables, a save-as of its own, and
 * variables outside of {b64:…} in a style whose values an upload decides (a key such as `a|sys/saveas,o_…`
 * would become part of the process; in `{b64:…}` it is only text).
 */
export function checkOutput(output: ParsedOutput, context: Refinement): void {
  const { vary = {}, style, target } = output;
  const count = Object.values(vary).reduce((product, values) => product * values.length, 1);
  if (count > maxVariants) {
    report(context, ['vary'], `at most ${maxVariants} combinations of values`, `${count}`);
    return;
  }
  const known = [...keyVariables, ...Object.keys(vary)];
  // OSS replaces {index} where it may save several objects (OSS help, "Variables").
  const ofTarget = isSubmitted(output) ? [...known, 'index'] : known;
  checkVariables(target.key, { known: ofTarget, bare: ofTarget }, ['target', 'key'], context);
  checkVariables(style, { known, bare: Object.keys(vary) }, ['style'], context);
  if (stylesOf(output).some((rendered) => rendered.includes('sys/saveas'))) {
    const offset = Math.max(0, style.text.indexOf('sys/saveas'));
    report(context, ['style'], 'no sys/saveas (target says where to save)', '"sys/saveas"', offset);
  }
}

/** Reports unknown variables, and those outside of `{b64:…}` that are not among `bare`. */
function checkVariables(
  { parts }: Template,
  { known, bare }: { known: string[]; bare: string[] },
  path: string[],
  context: Refinement,
): void {
  const wrong = variablesOf(parts).filter(({ name, inB64 }) => !(inB64 ? known : bare).includes(name));
  for (const { name, offset } of wrong) {
    if (known.includes(name)) {
      const expected = `{${name}} only inside {b64:…} (variables of vary are allowed anywhere)`;
      report(context, path, expected, `"{${name}}"`, offset);
    } else {
      const hint =
        name === 'index'
          ? ', which is for asynchronous operations'
          : didYouMean(name, known) || ' (a variable of your own needs its values in vary)';
      report(context, path, `one of {${known.join('}, {')}}`, `"{${name}}"${hint}`, offset);
    }
  }
}

/** The fields that make the function work on an output after its save. */
const afterSave = ['checkSource', 'headers', 'tags', 'storageClass', 'acl', 'skipLarger'] as const;

/** Reports what an asynchronous task cannot do, and what only such a task can. */
export function checkSubmission(output: ParsedOutput, context: Refinement): void {
  const { style, target, refresh = 'always' } = output;
  const refuse = (field: keyof ParsedOutput, expected: string) =>
    report(context, [field], expected, JSON.stringify(output[field]));
  if (!isSubmitted(output)) {
    if (output.notify !== undefined) {
      refuse('notify', 'no notify (only an asynchronous operation, such as video/convert, notifies a topic)');
    }
    return;
  }
  const styles = stylesOf(output);
  if (!styles.every(isAsynchronous)) {
    const expected = 'values that make the style asynchronous always or never (write two outputs)';
    report(context, ['vary'], expected, 'both');
  }
  if (styles.some((text) => text.startsWith('image/deblindwatermark'))) {
    const expected = 'an operation that saves an object (image/deblindwatermark only sends a message)';
    report(context, ['style'], expected, JSON.stringify(style.text));
  }
  for (const name of afterSave.filter((field) => output[field])) {
    refuse(name, `no ${name} (an asynchronous operation ends long after the function)`);
  }
  const isNumbered = variablesOf(target.key.parts).some(({ name }) => name === 'index');
  if (isNumbered && refresh !== 'always') {
    refuse('refresh', 'no refresh (which numbers OSS puts for {index} is not known beforehand)');
  }
  const brace = target.key.parts.find((part) => part.kind === 'text' && /[{}]/.test(part.text));
  if (brace !== undefined) {
    const expected = 'no braces (OSS reads its own variables in them; {index} is the number of a result)';
    report(context, ['target', 'key'], expected, JSON.stringify(target.key.text), brace.offset);
  }
}

/** Reports conflicts within a rule: in its sizes, or outputs that overwrite a source or each other. */
export function checkRule(rule: ParsedRule, context: Refinement): void {
  const { min = 0, max = Number.POSITIVE_INFINITY } = rule.match.size ?? {};
  if (min > max) {
    report(context, ['match', 'size', 'max'], `at least min (${min} bytes)`, `${max} bytes`);
  }
  if (rule.onRemove === 'delete') {
    checkRemoval(rule, context);
  }
  const buckets = rule.match.bucket ?? [];
  const writers = new Map<string, number>();
  rule.outputs.forEach((output, i) => {
    const { bucket = buckets.length === 1 ? buckets[0] : '', key } = output.target;
    const path = ['outputs', i, 'target', 'key'];
    if (isOwnSource(output, buckets)) {
      report(context, path, 'a key other than that of the source object', JSON.stringify(key.text));
    }
    for (const variant of variantsOf(output.vary)) {
      const target = `${bucket}/${render(key.parts, { ...placeholders, ...variant })}`;
      const other = writers.get(target);
      if (other !== undefined) {
        const where = other === i ? 'another value of vary' : `outputs[${other}]`;
        const received = `${JSON.stringify(key.text)}, where ${where} saves as well`;
        report(context, path, 'a key of its own', received);
        return;
      }
      writers.set(target, i);
    }
  });
}

/** Reports targets that are unknown for a removal, whose event has no ETag, day or number of results. */
function checkRemoval({ outputs }: ParsedRule, context: Refinement): void {
  for (const [i, { target }] of outputs.entries()) {
    const lost = variablesOf(target.key.parts).find(({ name }) => variablesBeyondKey.includes(name));
    if (lost !== undefined) {
      const names = `{${variablesBeyondKey.join('}, {')}}`;
      const expected = `no ${names} in a key with onRemove: delete (they are unknown for a deleted object)`;
      report(context, ['outputs', i, 'target', 'key'], expected, `"{${lost.name}}"`, lost.offset);
    }
  }
}

/** Whether an output is saved under its source's own key, so that it needs another bucket. */
export function keepsKey({ target }: ParsedOutput): boolean {
  return ['{key}', '{dir}/{base}'].includes(target.key.text);
}

/** Whether a rule for any bucket keeps the key, so that it could save its result onto its own source. */
export function isMirror({ match }: ParsedRule, output: ParsedOutput): boolean {
  return match.bucket === undefined && keepsKey(output);
}

function isOwnSource(output: ParsedOutput, sourceBuckets: readonly string[]): boolean {
  const { bucket, key } = output.target;
  const isSameBucket = bucket === undefined || sourceBuckets.includes(bucket);
  return isSameBucket && (keepsKey(output) || key.text === '{dir}/{name}.{ext}');
}
