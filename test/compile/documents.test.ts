import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRules } from '../../src/compile/compile.ts';
import { jsonSchema } from '../../src/compile/schema.ts';

function diagnosticsOf(text: string, fileName = 'rules.yaml') {
  const compiled = compileRules(text, fileName);
  return compiled.ok ? [] : compiled.diagnostics;
}

const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const bucket = fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,20}[a-z0-9]$/);
const folder = fc.stringMatching(/^[^/\\{}[\]*?,\s][^\\{}[\]*?,]{0,20}$/u);
const oneOrMany = <T>(item: fc.Arbitrary<T>) =>
  fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }));
const size = fc.oneof(fc.nat(1_024), fc.constantFrom('0B', '1KB'));

const output = fc
  .record({
    widths: fc.uniqueArray(fc.integer({ min: 1, max: 16_384 }), { minLength: 1, maxLength: 5 }),
    folder,
  })
  .map(({ widths, folder: into }) => ({
    style: 'image/resize,w_{w}/watermark,text_{b64:{rule} {name}}',
    vary: { w: widths },
    target: { bucket: 'derived', key: `${into}/{dir}/{name}-{w}.webp` },
  }));

const document = fc
  .uniqueArray(
    fc.record({
      name,
      match: fc.record(
        {
          key: oneOrMany(folder.map((text) => `${text}/**/*.{jpg,png}`)),
          exclude: oneOrMany(folder),
          bucket: oneOrMany(bucket),
          size: fc.record({ min: size, max: fc.constantFrom('1MB', 5_000_000) }),
          contentType: oneOrMany(fc.constantFrom('image/*', 'image/png')),
        },
        { requiredKeys: ['key'] },
      ),
      outputs: fc.array(output, { minLength: 1, maxLength: 1 }),
    }),
    { selector: (rule) => rule.name, minLength: 1, maxLength: 3 },
  )
  .map((rules) => ({ rules }));

/** The paths of all fields and items of a document, and of the document itself. */
function pathsOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) {
    return [path];
  }
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([step, inner]) => pathsOf(inner, [...path, step]))];
}

function replaceAt(value: unknown, [step, ...rest]: (string | number)[], replacement: unknown): unknown {
  if (step === undefined) {
    return replacement;
  }
  if (Array.isArray(value)) {
    return value.map((item, i) => (i === step ? replaceAt(item, rest, replacement) : item));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === step ? replaceAt(inner, rest, replacement) : inner,
    ]),
  );
}

describe('any document', () => {
  it('takes any document that is valid', () => {
    fc.assert(
      fc.property(document, (valid) => {
        expect(diagnosticsOf(JSON.stringify(valid))).toEqual([]);
      }),
    );
  });

  it('names each broken field of any document by a diagnostic', () => {
    fc.assert(
      fc.property(
        document,
        fc.nat(),
        fc.constantFrom(null, true, -1.5, '', '/|{', { a: 1 }, []),
        (valid, pick, wrong) => {
          const paths = pathsOf(valid);
          const path = paths[pick % paths.length] ?? [];
          // Any text and any number is a fine value of a variable, and a document without rules is fine too.
          const isValue = path.at(-3) === 'vary';
          fc.pre(!(isValue && (typeof wrong === 'string' || typeof wrong === 'number')));
          fc.pre(!(path.length === 1 && Array.isArray(wrong)));

          const found = diagnosticsOf(JSON.stringify(replaceAt(valid, path, wrong)));

          expect(found.some((diagnostic) => diagnostic.path.join('.').startsWith(path.join('.')))).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the JSON Schema', () => {
  it('describes every field of the document, so that editors can', () => {
    const text = JSON.stringify(jsonSchema());

    for (const field of ['name', 'match', 'exclude', 'contentType', 'outputs', 'style', 'vary', 'target']) {
      expect(text).toContain(`"${field}":`);
    }
    expect(jsonSchema()).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      required: ['rules'],
      additionalProperties: false,
    });
  });
});
