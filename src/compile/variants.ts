import { keyVariables, render, type VariableValues } from '../rules/template.ts';
import { isAsynchronous } from '../style/catalog.ts';
import type { ParsedOutput } from './schema.ts';

/** Each choice of one value per variable of `vary`; a single empty choice where nothing varies. */
export function variantsOf(vary: ParsedOutput['vary'] = {}): VariableValues[] {
  return Object.entries(vary).reduce<VariableValues[]>(
    (variants, [name, values]) =>
      variants.flatMap((variant) => values.map((value) => ({ ...variant, [name]: value }))),
    [{}],
  );
}

/** The variables that the key of a source does not tell: the event of its upload does, or OSS. */
export const variablesBeyondKey = ['etag', 'yyyy', 'mm', 'dd', 'index'];

/** Values that stand for what only an upload tells. */
export const placeholders: VariableValues = Object.fromEntries(
  keyVariables.map((name) => [name, `\0${name}\0`]),
);

/** The style of each variant, as far as it is known before an upload. */
export function stylesOf({ style, vary }: Pick<ParsedOutput, 'style' | 'vary'>): string[] {
  return variantsOf(vary).map((variant) => render(style.parts, { ...placeholders, ...variant }));
}

/** Tells whether OSS makes an output by an asynchronous task; once checked, all variants agree in that. */
export function isSubmitted(output: Pick<ParsedOutput, 'style' | 'vary'>): boolean {
  return stylesOf(output).some(isAsynchronous);
}
