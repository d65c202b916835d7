import { keyVariables, render, type VariableValues } from '../rules/template.ts';
import { isAsynchronous } from '../style/catalog.ts';
import type { ParsedOutput } from './schema.ts';

/** All combinations of one value per variable of `vary`; a single empty one if nothing varies. */
export function variantsOf(vary: ParsedOutput['vary'] = {}): VariableValues[] {
  let variants: VariableValues[] = [{}];
  for (const [name, values] of Object.entries(vary)) {
    variants = variants.flatMap((variant) => values.map((value) => ({ ...variant, [name]: value })));
  }
  return variants;
}

/** Variables whose values are not in the source's key, but in the event of its upload or up to OSS. */
export const variablesBeyondKey = ['etag', 'yyyy', 'mm', 'dd', 'index'];

/** Stand for values that only an upload decides. */
export const placeholders: VariableValues = Object.fromEntries(
  keyVariables.map((name) => [name, `\0${name}\0`]),
);

/** The style of each variant, as far as it is known before an upload. */
export function stylesOf({ style, vary }: Pick<ParsedOutput, 'style' | 'vary'>): string[] {
  return variantsOf(vary).map((variant) => render(style.parts, { ...placeholders, ...variant }));
}

/** Whether OSS makes an output by an asynchronous task. Checked outputs have all variants agree in that. */
export function isSubmitted(output: Pick<ParsedOutput, 'style' | 'vary'>): boolean {
  return stylesOf(output).some(isAsynchronous);
}
