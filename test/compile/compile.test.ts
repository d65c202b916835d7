import { readdirSync, readFileSync } from 'node:fs';
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
  const lines = ['rules:', '  - name: r', '    match: { key: "a/**" }', '    outputs: []'];
  it.each([
    ['\u00a0\u00a0\u00a0\u00a0match: { key: a }', 2, '3:1 The character U+00A0 stands'],
    ['\u3000\u3000match: { key: a }', 2, '3:1 The character U+3000 stands'],
    ['  \u2003 match: { key: a }', 2, '3:3 The character U+2003 stands'],
    ['  -\u00a0name: r', 1, '2:4 The character U+00A0 stands'],
    ['  - name\uff1a r', 1, '2:9 The character U+FF1A stands'],
  ])(
    'the compiler names the character that only looks like a space, and its line: %j',
    (line, at, message) => {
      const text = lines.with(at, line).join('\n');

      const rendered = diagnosticsOf(text, 'a.yaml').map(formatDiagnostic);

      expect(rendered).toEqual([expect.stringContaining(`error a.yaml:${message} where YAML wants`)]);
    },
  );

  it.each([
    ['\tmatch: { key: a }', 2, '3:1'],
    ['    \toutputs: []', 3, '4:5'],
  ])('the compiler says once that a tab cannot indent, at its place: %j', (line, at, place) => {
    const text = lines.with(at, line).join('\n');

    const rendered = diagnosticsOf(text, 'a.yaml').map(formatDiagnostic);

    expect(rendered).toEqual([
      expect.stringContaining(`error a.yaml:${place} Tabs are not allowed as indentation`),
    ]);
  });

  it('the compiler shows a space of another kind behind a key, which is a part of the value', () => {
    const text = lines.with(2, '    match:\n      key:\u00a0a').join('\n');

    expect(diagnosticsOf(text, 'a.yaml').map(({ message }) => message)).toContain(
      'rules[0].match: expected an object with key, received "key:\\u00a0a"',
    );
  });

  it.each([
    ['in a comment', '  # \u00a0a'],
    ['in a value', '    onRemove:  delete # \u3000'],
    ['in an empty line', '\t'],
  ])('the compiler takes characters that only look like spaces %s', (_, line) => {
    const text = `${lines.slice(0, 3).join('\n')}\n${line}\n    outputs: [{ style: image/info, target: { key: "b/{key}" } }]\n`;

    expect(diagnosticsOf(text)).toEqual([]);
  });

  it.each(names('invalid/'))('the compiler shows every fault of %s with its place', async (name) => {
    const rendered = diagnosticsOf(read(`invalid/${name}`), name).map(formatDiagnostic);

    await expect(`${rendered.join('\n')}\n`).toMatchFileSnapshot(
      new URL(`invalid/${name.replace(/\.\w+$/, '.txt')}`, fixtures).pathname,
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

  it('the compiler counts lines and columns alike with a byte order mark and Windows line ends', () => {
    const [diagnostic] = diagnosticsOf('\ufeff# rules\r\nrules: 12\r\n');

    expect(diagnostic?.place).toMatchObject({ line: 2, column: 8, sourceLine: 'rules: 12' });
  });

  it('the compiler points into an aliased value where it is written', () => {
    const rule = (name: string, match: string) =>
      `  - { name: ${name}, match: ${match}, outputs: [{ style: style/a, target: { key: "x/{key}" } }] }\n`;
    const first = rule('a', '&m { key: "a/[" }');

    const found = diagnosticsOf(`rules:\n${first}${rule('b', '*m')}`);

    const column = first.indexOf('[') + 1;
    expect(found.map(({ path, place }) => [path[1], place?.line, place?.column])).toEqual([
      [0, 2, column],
      [1, 2, column],
    ]);
  });

  it('the compiler points at the start of a text whose escapes hide where its characters are', () => {
    const text = 'rules: [{ name: a, match: { key: "\\u0061/[" }, outputs: [] }]';

    const [diagnostic] = diagnosticsOf(text);

    expect(diagnostic).toMatchObject({ path: ['rules', 0, 'match', 'key'] });
    expect(diagnostic?.place?.column).toBe(text.indexOf('"') + 1);
  });

  it('the compiler reads rules as YAML 1.2, also where a directive asks for another version', () => {
    expect(diagnosticsOf('%YAML 1.1\n---\nrules: yes\n')[0]?.message).toMatch(/received "yes"$/);
  });

  it('the compiler refuses aliases whose values are beyond number, and one inside of what it repeats', () => {
    const level = (name: string, of: string) => `${name}: &${name} [${`*${of},`.repeat(20)}]\n`;
    const bomb = `a: &a x\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}${level('e', 'd')}`;
    const own = (text: string) => [
      `The alias *a stands inside of what it repeats`,
      1,
      text.indexOf('*a') + 1,
    ];

    expect(diagnosticsOf(bomb).map(({ message }) => message)).toEqual([
      'Aliases repeat more than 200000 values',
    ]);
    for (const text of ['rules: &a [*a]', 'rules: [&a {<<: *a}]', 'rules: &a [&b {c: *a}]']) {
      const found = diagnosticsOf(text).map(({ message, place }) => [message, place?.line, place?.column]);

      expect(found).toEqual([own(text)]);
    }
  });

  it('the compiler takes an alias in each of hundreds of rules', () => {
    const rules = Array.from({ length: 300 }, (_, i) => `  - <<: *o\n    name: r${i}\n`);
    const text = `rules:\n  - &o ${JSON.stringify(ruleOf({}))}\n${rules.join('')}`;

    expect(diagnosticsOf(text)).toEqual([]);
  });

  it.each(['<<: foo', '<<: [{}, foo]', '<<: *t', '<<: [*t]', '<<:'])(
    'the compiler refuses to merge what is no map, at its place: %s',
    (merge) => {
      const found = diagnosticsOf(`rules:\n  - name: &t x\n    ${merge}\n`);

      expect(found.map(({ message, place }) => [message, place?.line, place?.column])).toEqual([
        ['The key << merges a map, such as an alias of one, or a list of maps', 3, 5],
      ]);
    },
  );

  it.each(['0100', '1.10', '2.0', '000000', '9007199254740993', '0x10', '1e3', '+5'])(
    'the compiler refuses %s as a value of vary, which would be saved otherwise than it is written',
    (number) => {
      const vary = (value: string) => `rules:\n  - outputs:\n      - vary: { w: [20, ${value}] }\n`;

      expect(diagnosticsOf(vary(number))).toMatchObject([
        {
          message: `${number} is read as the number ${Number(number)}`,
          hint: `As a text in quotes it stays "${number}".`,
          place: { line: 3, column: 25 },
        },
      ]);
      expect(diagnosticsOf(vary(`"${number}"`)).map(({ path }) => path)).not.toContain([]);
    },
  );

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
