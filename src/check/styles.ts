import type { SourceRule } from '../compile/compile.ts';
import type { OutputSource } from '../compile/schema.ts';
import { stylesOf, variantsOf } from '../compile/variants.ts';
import { type Part, render, splitKey, type VariableValues, variablesOf } from '../rules/template.ts';
import { hasSeveralResults, isAsynchronous } from '../style/asynchronous.ts';
import { checkStyle } from '../style/check.ts';
import type { Diagnostic, Path, Span } from './diagnostic.ts';

/** Checks the styles of all rules under each of their variants, every fault once and at its place in the template. */
export function checkStyles(source: readonly SourceRule[], region: string | undefined): Diagnostic[] {
  return source.flatMap((rule, i) =>
    rule.outputs.flatMap((output, j) => [
      ...checkOutputStyle(output, rule.name, region).map((diagnostic) => ({
        ...diagnostic,
        path: ['rules', i, 'outputs', j, 'style'],
      })),
      ...checkSeveralResults(output, ['rules', i, 'outputs', j, 'target', 'key']),
    ]),
  );
}

/** Warns of an operation that saves its objects one over the other (OSS help, "sys/saveas"). */
function checkSeveralResults(output: OutputSource, path: Path): Diagnostic[] {
  const { key } = output.target;
  const isNumbered = variablesOf(key.parts).some(({ name }) => name === 'index');
  if (isNumbered || !stylesOf(output).some(hasSeveralResults)) {
    return [];
  }
  const message = 'may save several objects, all of them under this one key: the last one stays';
  const hint = 'Put {index} into the key, which OSS replaces by 1, 2 and so on.';
  const span = { offset: 0, length: key.text.length };
  return [{ severity: 'warning', code: 'several-results', message, hint, path, span }];
}

function checkOutputStyle(
  { style, vary }: OutputSource,
  rule: string,
  region: string | undefined,
): Diagnostic[] {
  const key = 'uploads/photo.jpg';
  const event = { bucket: 'photos', etag: '0', yyyy: '2026', mm: '01', dd: '01' };
  const found = new Map<string, Diagnostic>();
  for (const variant of variantsOf(vary)) {
    const values = { ...event, rule, key, ...splitKey(key), ...variant };
    const rendered = render(style.parts, values);
    const mode = isAsynchronous(rendered) ? 'async' : 'sync';
    for (const diagnostic of checkStyle(rendered, { mode, isSaved: true, region })) {
      const span = diagnostic.span && spanInTemplate(diagnostic.span, style.parts, values, style.text.length);
      // Variants differ in numbers that say the same thing again.
      const name = `${diagnostic.severity} ${span?.offset} ${diagnostic.message.replace(/\d+/g, '0')}`;
      if (!found.has(name)) {
        found.set(name, { ...diagnostic, span });
      }
    }
  }
  return [...found.values()];
}

/** The part of a template that a part of the rendered text came from; a variable is meant whole. */
function spanInTemplate(
  { offset, length }: Span,
  parts: readonly Part[],
  values: VariableValues,
  textLength: number,
): Span {
  let at = 0;
  let start = textLength;
  let end = 0;
  for (const [i, part] of parts.entries()) {
    const from = at;
    at += render([part], values).length;
    const partEnd = parts[i + 1]?.offset ?? textLength;
    if (from <= offset && offset < at) {
      start = part.kind === 'text' ? part.offset + offset - from : part.offset;
    }
    if (from < offset + length && offset + length <= at) {
      end = part.kind === 'text' ? part.offset + offset + length - from : partEnd;
    }
  }
  return { offset: start, length: Math.max(1, end - start) };
}
