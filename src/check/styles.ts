import { stylesOf, variantsOf } from '../compile/variants.ts';
import { type Part, render, type VariableValues, variablesOf } from '../rules/template.ts';
import { isAsynchronous, operationsOf } from '../style/catalog.ts';
import { checkStyle } from '../style/check.ts';
import type { Diagnostic, Span } from './diagnostic.ts';
import { pathTo, sampleValues, type Writer } from './graph.ts';
import { atTarget } from './messages.ts';

/** The regions where the rules run; undefined for an unknown one. */
type Regions = readonly (string | undefined)[];

/** Checks the styles of all rules in each region and variant. Reports each fault once, at its place. */
export function checkStyles(writers: readonly Writer[], regions: Regions = [undefined]): Diagnostic[] {
  return writers.flatMap((writer) => [...checkStyleOf(writer, regions), ...checkSeveralResults(writer)]);
}

/** Warns of an operation whose results overwrite each other (OSS help, "Variables" of "sys/saveas"). */
function checkSeveralResults(writer: Writer): Diagnostic[] {
  const { output } = writer;
  const isNumbered = variablesOf(output.target.key.parts).some(({ name }) => name === 'index');
  const areSeveral = stylesOf(output).some((style) => {
    const several = operationsOf(style)[0]?.several;
    return several !== undefined && new RegExp(several).test(style);
  });
  if (isNumbered || !areSeveral) {
    return [];
  }
  const message = 'may save several objects, all of them under this one key: the last one stays';
  const hint = 'Put {index} into the key, which OSS replaces by 1, 2 and so on.';
  return [atTarget(writer, 'warning', 'several-results', message, hint)];
}

/** Input methods type these instead of `,` and `/`, and they look much the same. */
const plainHint = 'A style has neither blanks nor full-width characters such as "，".';

function checkStyleOf(writer: Writer, regions: Regions): Diagnostic[] {
  const { style, vary } = writer.output;
  const event = sampleValues(writer.rule, { bucket: 'photos', key: 'uploads/photo.jpg' });
  const path = pathTo(writer, 'style');
  const found = new Map<string, Diagnostic>();
  for (const variant of variantsOf(vary)) {
    const values = { ...event, ...variant };
    const rendered = render(style.parts, values);
    const hint = /[\s\uff01-\uff5e]/.test(rendered) ? plainHint : undefined;
    const mode = isAsynchronous(rendered) ? 'async' : 'sync';
    const faults = regions.flatMap((region) => checkStyle(rendered, { mode, isSaved: true, region }));
    for (const diagnostic of faults) {
      const span = diagnostic.span && spanInTemplate(diagnostic.span, style.parts, values, style.text.length);
      // Variants repeat the same message with other numbers.
      const name = `${diagnostic.severity} ${span?.offset} ${diagnostic.message.replace(/\d+/g, '0')}`;
      if (!found.has(name)) {
        found.set(name, { ...diagnostic, hint: diagnostic.hint ?? hint, path, span });
      }
    }
  }
  return [...found.values()];
}

/** Maps a part of the rendered text to its part of the template. A variable always counts as a whole. */
function spanInTemplate(
  { offset, length }: Span,
  parts: readonly Part[],
  values: VariableValues,
  textLength: number,
): Span {
  const places = parts.flatMap((part, i) => {
    const whole = { start: part.offset, end: parts[i + 1]?.offset ?? textLength };
    return render([part], values)
      .split('')
      .map((_, j) => (part.kind === 'text' ? { start: part.offset + j, end: part.offset + j + 1 } : whole));
  });
  const start = places[offset]?.start ?? textLength;
  const end = places[offset + length - 1]?.end ?? start;
  return { offset: start, length: end - start };
}
