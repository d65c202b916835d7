import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonSchema } from '../../src/rules/document.ts';
import { parseRules, type RuleSet } from '../../src/rules/rule.ts';

const ruleOf = (changes: object = {}, output: object = {}) => ({
  name: 'a',
  match: { key: 'uploads/**' },
  outputs: [{ style: 'image/resize,w_100', target: { key: 'x/{key}' }, ...output }],
  ...changes,
});

function parseOne(rule: object): RuleSet['rules'][number] {
  const parsed = parseRules({ rules: [rule] });
  if (!parsed.ok) {
    throw new Error(parsed.issues.map(({ message }) => message).join('\n'));
  }
  const [only] = parsed.rules.rules;
  if (only === undefined) {
    throw new Error('no rule came back');
  }
  return only;
}

function issuesOf(input: unknown) {
  const parsed = parseRules(input);
  return parsed.ok ? [] : parsed.issues;
}

describe('rules', () => {
  it('come back with lists everywhere and sizes in bytes, 1 KB being 1,024', () => {
    const rule = parseOne(
      ruleOf({
        match: {
          key: 'a/**',
          bucket: 'my-photos',
          size: { min: '2KB', max: 20_000 },
          contentType: 'Image/*',
        },
      }),
    );

    expect(rule.match).toMatchObject({ bucket: ['my-photos'], exclude: [], contentType: ['image/*'] });
    expect(rule.match.key.map(({ text }) => text)).toEqual(['a/**']);
    expect(rule.match).toMatchObject({ minBytes: 2_048, maxBytes: 20_000 });
    expect(rule.outputs[0]).toMatchObject({ vary: {}, target: { key: { text: 'x/{key}' } } });
  });

  it('leave out what was left out', () => {
    const { match, outputs } = parseOne(ruleOf());

    expect(Object.keys(match)).toEqual(['key', 'exclude', 'bucket', 'contentType']);
    expect(Object.keys(outputs[0]?.target ?? {})).toEqual(['key']);
  });

  it.each([
    ['1B', 1],
    ['3KB', 3 * 1024],
    ['20MB', 20 * 1024 ** 2],
    ['2GB', 2 * 1024 ** 3],
  ])('read the size %s as %i bytes', (max, bytes) => {
    expect(parseOne(ruleOf({ match: { key: 'a', size: { max } } })).match.maxBytes).toBe(bytes);
  });

  it('take any text of vary, hostile ones included, where it is encoded', () => {
    const t = ["a/../b %+|,'", '照片 😀', '{}', '|sys/saveas,o_eA'];

    const rule = parseOne(
      ruleOf({}, { style: 'image/watermark,text_{b64:{t}}', vary: { t }, target: { key: 'x/{t}/{key}' } }),
    );

    expect(rule.outputs[0]?.vary).toEqual({ t });
  });

  it('refuse to let a key write into the process', () => {
    const issues = issuesOf({ rules: [ruleOf({}, { style: 'image/watermark,text_{name}' })] });

    expect(issues).toMatchObject([{ path: ['rules', 0, 'outputs', 0, 'style'], offset: 21 }]);
  });

  it('refuse a save-as that only a value of vary brings in', () => {
    const output = {
      style: 'image/resize,w_1{x}',
      vary: { x: ['', '|sys/saveas,o_eA'] },
      target: { key: '{x}/{base}' },
    };

    expect(issuesOf({ rules: [ruleOf({}, output)] })).toMatchObject([
      { expected: expect.stringContaining('no sys/saveas') },
    ]);
  });

  it('may save under the same key in another bucket', () => {
    const outputs = ['marked-a', 'marked-b'].map((bucket) => ({
      style: 'style/a',
      target: { bucket, key: '{key}' },
    }));

    expect(parseOne(ruleOf({ outputs })).outputs).toHaveLength(2);
  });

  it('refuse two outputs that save to one object, the bucket named or not', () => {
    const match = { key: 'uploads/**', bucket: 'my-photos' };
    const outputs = [{ key: 'x/{base}' }, { bucket: 'my-photos', key: 'x/{base}' }].map((target) => ({
      style: 'style/a',
      target,
    }));

    expect(issuesOf({ rules: [ruleOf({ match, outputs })] })).toMatchObject([
      {
        path: ['rules', 0, 'outputs', 1, 'target', 'key'],
        received: '"x/{base}", where outputs[0] saves as well',
      },
    ]);
  });

  it('refuse values of vary that render to one key although they differ', () => {
    const output = {
      vary: { a: [1, 12], b: [23, 3] },
      style: 'image/resize,w_{a}',
      target: { key: 'x/{name}-{a}{b}' },
    };

    expect(issuesOf({ rules: [ruleOf({}, output)] })).toHaveLength(1);
  });

  it('refuse the source object as a target, in its bucket named or not', () => {
    const rule = (target: object, bucket?: string) =>
      ruleOf({ match: { key: 'a/**', ...(bucket && { bucket }) } }, { target });

    expect(issuesOf({ rules: [rule({ key: '{dir}/{base}' })] })).toHaveLength(1);
    expect(issuesOf({ rules: [rule({ key: '{key}', bucket: 'my-photos' }, 'my-photos')] })).toHaveLength(1);
    expect(issuesOf({ rules: [rule({ key: '{key}', bucket: 'my-marked' }, 'my-photos')] })).toEqual([]);
  });

  it('refuse combinations of vary beyond counting without counting them out', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => i);
    const vary = { a: values, b: values, c: values, d: values };

    expect(issuesOf({ rules: [ruleOf({}, { vary })] })).toMatchObject([{ received: '1000000000000' }]);
  });

  it('show the issues of all fields and of what spans them together', () => {
    const rules = [
      ruleOf(),
      ruleOf({ match: { kee: 1 } }, { style: 'style/a b', target: { key: '{nope}' } }),
    ];

    expect(issuesOf({ rules }).map(({ path }) => path.slice(2).join('.'))).toEqual([
      'match.kee',
      'match.key',
      'name',
      'outputs.0.style',
      'outputs.0.target.key',
    ]);
  });
});

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
  it('is read when it is valid, and the same again from its JSON', () => {
    fc.assert(
      fc.property(document, (valid) => {
        const parsed = parseRules(valid);

        expect(issuesOf(valid)).toEqual([]);
        expect(parseRules(JSON.parse(JSON.stringify(valid)))).toEqual(parsed);
      }),
    );
  });

  it('has each broken field named by an issue', () => {
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

          const found = issuesOf(replaceAt(valid, path, wrong)).map((issue) => issue.path.join('.'));

          expect(found.some((at) => at.startsWith(path.join('.')))).toBe(true);
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
