import { type CatalogOperation, catalog, lookUp } from './catalog.ts';
import { parseStyle } from './parse.ts';

/** The operations of a style that the catalog knows, in the order of the text. */
export function operationsOf(style: string): CatalogOperation[] {
  return parseStyle(style).flatMap(({ category, actions }) =>
    actions.flatMap(({ name }) => lookUp(lookUp(catalog, category.text), name.text) ?? []),
  );
}

/**
 * Whether OSS runs a style in asynchronous requests only: a built-in style, or one that begins with such an operation (OSS
 * help, "Asynchronous processing"). A style that is saved in the bucket is taken for a synchronous one.
 */
export function isAsynchronous(style: string): boolean {
  return style.startsWith('style/::') || operationsOf(style)[0]?.mode === 'async';
}

/** Whether a style saves several objects, which are told apart by `{index}` in their key (OSS help, "Variables"). */
export function hasSeveralResults(style: string): boolean {
  const several = operationsOf(style)[0]?.several;
  const parameters = parseStyle(style)[0]?.actions[0]?.parameters ?? [];
  return (
    several !== undefined &&
    Object.entries(several).every(([name, values]) =>
      parameters.some(({ key, value }) => key?.text === name && values.includes(value.text)),
    )
  );
}
