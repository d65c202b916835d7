import { variablesOf } from '../rules/template.ts';
import { isAsynchronous } from '../style/catalog.ts';
import { type Refinement, report } from './outputs.ts';
import type { ParsedOutput } from './schema.ts';
import { isSubmitted, stylesOf } from './variants.ts';

/** The fields by which the function does something to an output that is there. */
const afterSave = ['checkSource', 'headers', 'tags', 'storageClass', 'acl', 'skipLarger'] as const;

/** Reports what an asynchronous task cannot do, and what only one can. */
export function checkSubmission(output: ParsedOutput, context: Refinement): void {
  const { style, target, refresh = 'always' } = output;
  const refuse = (field: keyof ParsedOutput, expected: string) =>
    report(context, [field], expected, JSON.stringify(output[field]));
  if (!isSubmitted(output)) {
    if (output.notify !== undefined) {
      refuse('notify', 'no notify (only an asynchronous operation, such as video/convert, tells a topic)');
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
