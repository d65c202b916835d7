import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/check/format.ts';
import { type CompiledRules, compileRules } from '../../src/compile/compile.ts';
import { parseRuleSet } from '../../src/rules/rule-set.ts';

const fixtures = new URL('../fixtures/rules/', import.meta.url);
const names = (folder: string) =>
  readdirSync(new URL(folder, fixtures)).filter((name) => !name.endsWith('.txt'));
const read = (name: string) => readFileSync(new URL(name, fixtures), 'utf8');

function diagnosticsOf(text: string, fileName = 'rules.yaml') {
  const compiled = compileRules(text, fileName);
  return compiled.ok ? [] : compiled.diagnostics;
}

const ruleOf = (changes: object = {}, output: object = {}) => ({
  name: 'a',
  match: { key: 'uploads/**' },
  outputs: [{ style: 'image/resize,w_100', target: { key: 'x/{key}' }, ...output }],
  ...changes,
});

function compile(...rules: object[]): CompiledRules & { ok: true } {
  const compiled = compileRules(JSON.stringify({ rules }), 'rules.yaml');
  if (!compiled.ok) {
    throw new Error(compiled.diagnostics.map(formatDiagnostic).join('\n'));
  }
  return compiled;
}

const compileOne = (rule: object) => compile(rule).ruleSet.rules[0];
const refusalsOf = (...rules: unknown[]) =>
  diagnosticsOf(JSON.stringify({ rules })).map(({ path, span, message }) => ({ path, span, message }));

describe('compiling rules', () => {
  // The .txt beside each document is what the author of such rules sees on the terminal: review it as prose.
  it.each(names('invalid/'))('the compiler shows every fault of %s with its place', async (name) => {
    const rendered = diagnosticsOf(read(`invalid/${name}`), name).map(formatDiagnostic);

    await expect(`${rendered.join('\n')}\n`).toMatchFileSnapshot(
      fileURLToPath(new URL(`invalid/${name.replace(/\.\w+$/, '.txt')}`, fixtures)),
    );
  });

  it.each(names('valid/'))('the compiler takes the rules of %s', (name) => {
    const compiled = compileRules(read(`valid/${name}`), name);

    expect(diagnosticsOf(read(`valid/${name}`))).toEqual([]);
    expect(compiled.ok && compiled.ruleSet.rules.length).toBeGreaterThan(0);
  });

  it('the compiler gives rules that are the same again once written as JSON and read', () => {
    const { ruleSet } = compile(ruleOf({ match: { key: '照片/**', size: { max: '1MB' } } }));

    expect(parseRuleSet(JSON.stringify(ruleSet), 'rules.json')).toEqual(ruleSet);
    expect(ruleSet).toMatchObject({ format: 3, onPermanentFailure: 'throw' });
  });

  it('the compiler takes numbers of vary that are written as they are saved', () => {
    const vary = { w: [0, 320, 0.5, -1] };

    expect(compileOne(ruleOf({}, { vary, target: { key: 'x/{w}/{key}' } }))?.outputs[0]?.variants).toEqual(
      vary.w.map((w) => ({ w })),
    );
  });

  it('the compiler refuses two headers that differ by their case alone, of which one would be lost', () => {
    const headers = { 'cache-control': 'no-cache', 'Cache-Control': 'max-age=60' };

    expect(refusalsOf(ruleOf({}, { headers }))).toMatchObject([
      {
        path: ['rules', 0, 'outputs', 0, 'headers'],
        message: expect.stringContaining('each once, in upper or lower case, received an object'),
      },
    ]);
  });

  it.each([
    ['a tag', ruleOf({}, { tags: { year: 2026 } }), 2026],
    ['a header', ruleOf({}, { headers: { 'x-oss-meta-v': 1 } }), 1],
    ['a name', ruleOf({ name: 404 }), 404],
    ['a glob', ruleOf({ match: { key: [2026] } }), 2026],
    ['true', ruleOf({}, { tags: { a: true } }), true],
  ])(
    'the compiler says of a number in the place of a text that it lacks quotes: %s',
    (_, document, value) => {
      expect(refusalsOf(document)).toMatchObject([
        { message: expect.stringContaining(`, in quotes, received ${value}`) },
      ]);
    },
  );

  it('the compiler refuses index as a variable of its own, which OSS fills in', () => {
    const output = { vary: { index: [1] }, target: { key: 'x/{index}/{key}' } };

    expect(refusalsOf(ruleOf({}, output))).toMatchObject([
      {
        message: expect.stringContaining('expected a name that is not a variable already, received "index"'),
      },
    ]);
  });

  it('the compiler makes lists of single items, and bytes of sizes, 1 KB being 1,024', () => {
    const match = {
      key: 'a/**',
      bucket: 'my-photos',
      size: { min: '2KB', max: 20_000 },
      contentType: 'Image/*',
    };

    expect(compileOne(ruleOf({ match }))?.match).toMatchObject({
      buckets: ['my-photos'],
      minBytes: 2_048,
      maxBytes: 20_000,
      contentTypes: ['image/*'],
    });
  });

  it.each([
    ['1B', 1],
    ['3KB', 3 * 1024],
    ['20MB', 20 * 1024 ** 2],
    ['2GB', 2 * 1024 ** 3],
  ])('the compiler reads the size %s as %i bytes', (max, bytes) => {
    expect(compileOne(ruleOf({ match: { key: 'a', size: { max } } }))?.match.maxBytes).toBe(bytes);
  });

  it('the compiler writes out one variant for each combination of values', () => {
    const vary = { w: [320, 640], h: ['1', '2'] };

    expect(compileOne(ruleOf({}, { vary, target: { key: '{w}{h}/{key}' } }))?.outputs[0]?.variants).toEqual([
      { w: 320, h: '1' },
      { w: 320, h: '2' },
      { w: 640, h: '1' },
      { w: 640, h: '2' },
    ]);
  });

  it('the compiler takes any text of vary, hostile ones included, where it is encoded', () => {
    const t = ["a/../b %+|,'", '照片 😀', '{}', '|sys/saveas,o_eA'];

    const rule = compileOne(
      ruleOf({}, { style: 'image/watermark,text_{b64:{t}}', vary: { t }, target: { key: 'x/{t}/{key}' } }),
    );

    expect(rule?.outputs[0]?.variants).toEqual(t.map((text) => ({ t: text })));
  });

  it('the compiler refuses to let a key write into the process', () => {
    expect(refusalsOf(ruleOf({}, { style: 'image/watermark,text_{name}' }))).toMatchObject([
      { path: ['rules', 0, 'outputs', 0, 'style'], span: { offset: 21 } },
    ]);
  });

  it('the compiler refuses a save-as that only a value of vary brings in', () => {
    const vary = { x: ['', '|sys/saveas,o_eA'] };

    expect(
      refusalsOf(ruleOf({}, { style: 'image/resize,w_1{x}', vary, target: { key: '{x}/{base}' } })),
    ).toMatchObject([{ message: expect.stringContaining('no sys/saveas') }]);
  });

  it('the compiler lets outputs save under the same key in different buckets', () => {
    const outputs = ['marked-a', 'marked-b'].map((bucket) => ({
      style: 'style/a',
      target: { bucket, key: '{key}' },
    }));

    expect(compileOne(ruleOf({ outputs }))?.outputs).toHaveLength(2);
  });

  it('the compiler refuses two outputs that save to one object, the bucket named or not', () => {
    const match = { key: 'uploads/**', bucket: 'my-photos' };
    const outputs = [{ key: 'x/{base}' }, { bucket: 'my-photos', key: 'x/{base}' }].map((target) => ({
      style: 'style/a',
      target,
    }));

    expect(refusalsOf(ruleOf({ match, outputs }))).toMatchObject([
      {
        path: ['rules', 0, 'outputs', 1, 'target', 'key'],
        message: expect.stringContaining('outputs[0] saves'),
      },
    ]);
  });

  it('the compiler refuses values of vary that render to one key although they differ', () => {
    const output = {
      vary: { a: [1, 12], b: [23, 3] },
      style: 'image/resize,w_{a}',
      target: { key: 'x/{name}-{a}{b}' },
    };

    expect(refusalsOf(ruleOf({}, output))).toMatchObject([
      {
        path: ['rules', 0, 'outputs', 0, 'target', 'key'],
        message: expect.stringContaining('where another value of vary saves as well'),
      },
    ]);
  });

  it('the compiler refuses the source object as a target, in its bucket named or not', () => {
    const rule = (target: object, bucket?: string) => ruleOf({ match: { key: 'a/**', bucket } }, { target });

    const refusal = {
      path: ['rules', 0, 'outputs', 0, 'target', 'key'],
      message: expect.stringContaining('expected a key other than that of the source object'),
    };
    expect(refusalsOf(rule({ key: '{dir}/{base}' }))).toMatchObject([refusal]);
    expect(refusalsOf(rule({ key: '{key}', bucket: 'my-photos' }, 'my-photos'))).toMatchObject([refusal]);
    expect(refusalsOf(rule({ key: '{key}', bucket: 'my-marked' }, 'my-photos'))).toEqual([]);
  });

  it('the compiler refuses combinations of vary beyond counting without counting them out', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => i);

    expect(refusalsOf(ruleOf({}, { vary: { a: values, b: values, c: values, d: values } }))).toMatchObject([
      { message: expect.stringContaining('received 1000000000000') },
    ]);
  });

  it('the compiler guesses a misspelt field only where one is close', () => {
    const found = refusalsOf(ruleOf({ Matche: {}, colour: 'red' })).map(({ message }) => message);

    expect(found).toEqual([
      'rules[0].Matche: expected one of name, match, onRemove, outputs, received "Matche" (did you mean "match"?)',
      'rules[0].colour: expected one of name, match, onRemove, outputs, received "colour"',
    ]);
  });

  it('the compiler shortens a long text in a message', () => {
    const [refusal] = refusalsOf(ruleOf({ name: ' '.repeat(1_000) }));

    expect(refusal?.message).toMatch(/…$/);
    expect(refusal?.message.length).toBeLessThan(200);
  });
});
