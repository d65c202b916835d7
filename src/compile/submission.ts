import { isAsynchronous } from '../style/asynchronous.ts';
import { type Refinement, report } from './outputs.ts';
import type { OutputSource } from './schema.ts';
import { isSubmitted, stylesOf } from './variants.ts';

/** Reports what an asynchronous task cannot do, and what only one can. */
export function checkSubmission(output: OutputSource, context: Refinement): void {
  const { style, target, notify, checkSource } = output;
  if (!isSubmitted(output)) {
    if (notify !== undefined) {
      const expected = 'no notify (only an asynchronous operation, such as video/convert, tells a topic)';
      report(context, ['notify'], expected, JSON.stringify(notify));
    }
    return;
  }
  const styles = stylesOf(output);
  if (!styles.every(isAsynchronous)) {
    const expected = 'values that make the style asynchronous always or never (write two outputs)';
    report(context, ['vary'], expected, 'both');
  }
  if (styles.some((text) => text.startsWith('image/deblindwatermark'))) {
    const expected =
      'an operation that saves an object (image/deblindwatermark only sends a message to a topic)';
    report(context, ['style'], expected, JSON.stringify(style.text));
  }
  if (checkSource === true) {
    const expected = 'no checkSource (an asynchronous operation ends long after the function)';
    report(context, ['checkSource'], expected, 'true');
  }
  const brace = target.key.parts.find((part) => part.kind === 'text' && /[{}]/.test(part.text));
  if (brace !== undefined) {
    const expected =
      'no braces (OSS reads them as variables of its own here; {index} stands for the number of a result)';
    report(context, ['target', 'key'], expected, JSON.stringify(target.key.text), brace.offset);
  }
}
