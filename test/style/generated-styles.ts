import fc from 'fast-check';
import { type CatalogOperation, catalog, type Parameter } from '../../src/style/catalog.ts';

/** A style that the catalog allows, one of its parameters, and the same style with that parameter corrupted. */
interface Generated {
  text: string;
  corrupted: string;
  /** The place of the corrupted value. */
  offset: number;
}

const base64 = (text: string) => Buffer.from(text).toString('base64url');

function validValue(spec: Parameter): fc.Arbitrary<string> {
  const { type, min = 0, max = min + 1000, values = [], maxBytes = 60, pattern } = spec;
  switch (type) {
    case 'int':
      return fc.integer({ min, max }).map(String);
    case 'number':
      return fc.integer({ min: min * 10, max: max * 10 }).map((tenths) => String(tenths / 10));
    case 'enum':
      return fc.constantFrom(...values);
    case 'color':
      return fc.stringMatching(/^[\dA-Fa-f]{6}$/);
    case 'size':
      return fc.integer({ min: min / 2, max: max / 2 }).map((half) => `${half * 2}x`);
    case 'base64': {
      const text = fc.string({
        unit: 'grapheme',
        minLength: 1,
        maxLength: Math.floor(Math.min(maxBytes, 60) / 30),
      });
      const isLegal = (name: string) =>
        new RegExp(pattern ?? '', 'su').test(name) && Buffer.byteLength(name) <= maxBytes;
      const bucket = fc.stringMatching(/^[a-z][a-z\d-]{1,20}[a-z]$/);
      const fonts = fc.constantFrom('wqy-zenhei', 'fangzhengkaiti', 'droidsansfallback');
      const any = pattern?.includes('a-z0-9')
        ? bucket
        : pattern?.includes('wqy')
          ? fonts
          : text.filter(isLegal);
      return any.map(base64);
    }
    default:
      return fc.constantFrom('yuv420p', 'docx', 'aac');
  }
}

/** Values that no parameter of the type may have. */
function corruptValue({ type, min, max }: Parameter): fc.Arbitrary<string> {
  const ranges = [min === undefined ? [] : [min - 1], max === undefined ? [] : [max + 1]].flat().map(String);
  switch (type) {
    case 'int':
    case 'number':
      return fc.constantFrom(...ranges, 'abc', '1e3', '0x10', '+1', '');
    case 'size':
      return fc.constantFrom(...ranges.map((side) => `${side}x`), '65x', 'x', '640', '640x480x2', '');
    case 'base64':
      return fc.constantFrom('!', 'a', '汉', 'a.b', 'YQ===', '');
    case 'string':
      return fc.constant('');
    default:
      return fc.constantFrom('zzzz', '12345', '#FFFFFF', '1234567', '');
  }
}

function generateOperation(
  category: string,
  name: string,
  operation: CatalogOperation,
): fc.Arbitrary<Generated> {
  const { value, params = {}, needs = [] } = operation;
  const bare = value !== undefined && operation.params === undefined;
  const all: [string, Parameter][] = bare ? [['', value]] : Object.entries(params);
  const specs = all.filter(([, { nested }]) => nested !== true);
  const needed = needs.map(({ oneOf: [first] }) => (bare ? '' : first));
  return fc
    .tuple(
      fc.shuffledSubarray(specs),
      fc.nat(),
      ...specs.map(([, spec]) => fc.tuple(validValue(spec), corruptValue(spec))),
    )
    .map(([chosen, pick, ...values]) => {
      const rest = specs.filter((spec) => needed.includes(spec[0]) && !chosen.includes(spec));
      const used = [...chosen, ...rest];
      const write = (corruptAt: number) =>
        used.map((spec, i) => {
          const [valid = '', corrupt = ''] = values[specs.indexOf(spec)] ?? [];
          return `${spec[0] === '' ? '' : `${spec[0]}_`}${i === corruptAt ? corrupt : valid}`;
        });
      const head = `${category}/${name}`;
      const at = used.length === 0 ? -1 : pick % used.length;
      const before = [head, ...write(-1).slice(0, Math.max(at, 0))].join(',').length + 1;
      return {
        text: [head, ...write(-1)].join(','),
        corrupted: [head, ...write(at)].join(','),
        offset: before,
      };
    });
}

const operations = Object.entries(catalog).flatMap(([category, byName]) =>
  Object.entries(byName).flatMap(([name, operation]) =>
    (operation.after ?? ['']).includes('') ? [{ category, name, operation }] : [],
  ),
);

/** Styles of any one operation that may stand first, with and without a corrupted parameter. */
export const generatedStyles: fc.Arbitrary<Generated> = fc
  .constantFrom(...operations)
  .chain(({ category, name, operation }) => generateOperation(category, name, operation));
