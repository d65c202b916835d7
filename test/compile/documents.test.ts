import { readFileSync } from 'node:fs';
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

/** Fields of which any may be absent. */
const optional = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] });
const refresh = fc.constantFrom('always', 'missing', 'stale');

/** Fields that an output may have beside its style and target, where the operation ends while the function waits. */
const stepsAfterSave = optional({
  refresh,
  checkSource: fc.boolean(),
  headers: fc.constantFrom({ 'Cache-Control': 'max-age=60', 'x-oss-meta-a': 'b' }, { 'content-type': 'a/b' }),
  tags: fc.constantFrom({ kind: 'thumbnail' }, { 种类: '缩略图', empty: '' }),
  storageClass: fc.constantFrom('Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'),
  acl: fc.constantFrom('default', 'private', 'public-read', 'public-read-write'),
  skipLarger: fc.boolean(),
});

const synchronousOutput = fc
  .record({
    widths: fc.uniqueArray(fc.integer({ min: 1, max: 16_384 }), { minLength: 1, maxLength: 5 }),
    folder,
    stepsAfterSave,
  })
  .map(({ widths, folder: into, stepsAfterSave: steps }) => ({
    style: 'image/resize,w_{w}/watermark,text_{b64:{rule} {name}}',
    vary: { w: widths },
    target: { bucket: 'derived', key: `${into}/{dir}/{name}-{w}.webp` },
    ...steps,
  }));

const asynchronousOutput = fc
  .record({ folder, more: optional({ refresh, notify: fc.stringMatching(/^[A-Za-z0-9][\w-]{0,20}$/) }) })
  .map(({ folder: into, more }) => ({
    style: 'video/convert,f_mp4,vcodec_h264',
    target: { key: `${into}/{dir}/{name}.mp4` },
    ...more,
  }));

const rule = fc.record(
  {
    name,
    match: fc.record(
      {
        key: oneOrMany(folder.map((text) => `${text}/**/*.{jpg,png}`)),
        exclude: oneOrMany(folder),
        ignoreCase: fc.boolean(),
        bucket: oneOrMany(bucket),
        size: fc.record({ min: size, max: fc.constantFrom('1MB', 5_000_000) }),
        contentType: oneOrMany(fc.constantFrom('image/*', 'image/png')),
      },
      { requiredKeys: ['key'] },
    ),
    onRemove: fc.constant('delete'),
    outputs: fc.array(fc.oneof(synchronousOutput, asynchronousOutput), { minLength: 1, maxLength: 1 }),
  },
  { requiredKeys: ['name', 'match', 'outputs'] },
);

const document = fc.record(
  {
    rules: fc.uniqueArray(rule, { selector: ({ name: its }) => its, minLength: 1, maxLength: 3 }),
    onPermanentFailure: fc.constantFrom('throw', 'report'),
  },
  { requiredKeys: ['rules'] },
);

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

const flags = ['ignoreCase', 'checkSource', 'skipLarger'];

/** Tells whether a value is none of the wrong ones at this place. */
function mayStand(value: unknown, path: readonly (string | number)[]): boolean {
  if (path.at(-3) === 'vary') {
    return typeof value === 'string' || typeof value === 'number';
  }
  if (path.at(-2) === 'headers') {
    return value === '/|{';
  }
  if (path.at(-2) === 'tags') {
    return value === '';
  }
  return path.at(-1) === 'rules'
    ? Array.isArray(value)
    : flags.includes(String(path.at(-1))) && value === true;
}

/** The names of all fields that a JSON Schema describes, with what it says of each. */
function fieldsOf(schema: unknown): [string, unknown][] {
  if (typeof schema !== 'object' || schema === null) {
    return [];
  }
  const own = 'properties' in schema ? Object.entries(Object(schema.properties)) : [];
  return [...own, ...Object.values(schema).flatMap(fieldsOf)];
}

describe('any document', () => {
  it('the compiler takes any document that is valid', () => {
    fc.assert(
      fc.property(document, (valid) => {
        expect(diagnosticsOf(JSON.stringify(valid))).toEqual([]);
      }),
    );
  });

  it('the compiler names each broken field of any document by a diagnostic', () => {
    fc.assert(
      fc.property(
        document,
        fc.nat(),
        fc.constantFrom(null, true, -1.5, '', '/|{', { a: 1 }, []),
        (valid, pick, wrong) => {
          const paths = pathsOf(valid);
          const path = paths[pick % paths.length] ?? [];
          fc.pre(!mayStand(wrong, path));

          const found = diagnosticsOf(JSON.stringify(replaceAt(valid, path, wrong)));

          expect(found.some((diagnostic) => diagnostic.path.join('.').startsWith(path.join('.')))).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the JSON Schema', () => {
  it('the JSON Schema describes every field of the document, so that editors can', () => {
    const fields = fieldsOf(jsonSchema());

    expect(fields.length).toBeGreaterThan(20);
    expect(fields.filter(([, field]) => !/"description":"[^"]/.test(JSON.stringify(field)))).toEqual([]);
    expect(jsonSchema()).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      required: ['rules'],
      additionalProperties: false,
    });
  });

  it.each(['docs/rules.md', 'docs/zh/rules.md'])('%s has a row for every field, and for no other', (page) => {
    const names = new Set(fieldsOf(jsonSchema()).map(([field]) => field));
    const rows = readFileSync(page, 'utf8').match(/^\| `[\w.[\]]+` \| .*$/gm) ?? [];
    const told = (field: string) =>
      rows.some((row) => new RegExp(`\`[^\`]*\\b${field}\\b[^\`]*\``).test(row));
    const headed = rows.map((row) => /(\w+)` \|/.exec(row)?.[1] ?? row);

    expect([...names].filter((field) => !told(field))).toEqual([]);
    expect(headed.filter((field) => !names.has(field))).toEqual([]);
  });
});

it('an asynchronous operation has no field but those that it can heed', () => {
  const heeded = ['style', 'vary', 'target', 'refresh', 'notify'];
  const [, outputs] = fieldsOf(jsonSchema()).find(([field]) => field === 'outputs') ?? [];
  const fields = Object.entries<Record<string, unknown[]>>(Object(outputs).items.properties);
  const others = fields.filter(([field]) => !heeded.includes(field));

  const accepted = others.filter(([field, { enum: choices = [], examples = [] }]) => {
    const output = { style: 'video/convert,f_mp4', target: { key: 'x/{key}' } };
    const asked = { ...output, [field]: choices.at(-1) ?? examples[0] ?? true };
    const rules = [{ name: 'a', match: { key: 'uploads/**' }, outputs: [asked] }];
    return !diagnosticsOf(JSON.stringify({ rules })).some(({ path }) => path.at(-1) === field);
  });
  expect(accepted, 'what follows a save belongs into `afterSave` of src/compile/outputs.ts').toEqual([]);
  expect(others.length).toBeGreaterThan(5);
});
