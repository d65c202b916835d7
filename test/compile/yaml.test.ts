import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/check/format.ts';
import { compileRules } from '../../src/compile/compile.ts';

function diagnosticsOf(text: string, fileName = 'rules.yaml') {
  const compiled = compileRules(text, fileName);
  return compiled.ok ? [] : compiled.diagnostics;
}

describe('rules as YAML', () => {
  const lines = ['rules:', '  - name: r', '    match: { key: "a/**" }', '    outputs: []'];
  it.each([
    [
      '\u00a0\u00a0\u00a0\u00a0match: { key: a }',
      2,
      '3:1 The character U+00A0 stands where YAML wants a plain space',
    ],
    ['\u3000\u3000match: { key: a }', 2, '3:1 The character U+3000'],
    ['  \u2003 match: { key: a }', 2, '3:3 The character U+2003'],
    ['  -\u00a0name: r', 1, '2:4 The character U+00A0'],
    ['  - name\uff1a r', 1, '2:9 The character U+FF1A stands where YAML wants a plain colon'],
  ])(
    'the compiler names the character that only looks like a space, and its line: %j',
    (line, at, message) => {
      const text = lines.with(at, line).join('\n');

      const rendered = diagnosticsOf(text, 'a.yaml').map(formatDiagnostic);

      expect(rendered).toEqual([expect.stringContaining(`error a.yaml:${message}`)]);
    },
  );

  it('the compiler says how to type a colon in place of a Chinese one', () => {
    const text = lines.with(1, '  - name：r').join('\n');

    expect(diagnosticsOf(text).map(formatDiagnostic)).toEqual([
      expect.stringContaining('Type it again with the input method set to English.'),
    ]);
  });

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

  it('the compiler counts lines and columns alike with Windows line ends', () => {
    const [diagnostic] = diagnosticsOf('# rules\r\nrules: 12\r\n');

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
      `The alias *a is inside the value that it repeats`,
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

  it.each(['!!binary aGk=', '!!timestamp 2026-01-31', '!mine a'])(
    'the compiler gives no tag a meaning: %s',
    (value) => {
      expect(diagnosticsOf(`rules: ${value}\n`)).toMatchObject([
        { message: expect.stringContaining('Unresolved tag'), place: { line: 1, column: 8 } },
      ]);
    },
  );

  it('the compiler takes an alias in each of hundreds of rules', () => {
    const rules = Array.from({ length: 300 }, (_, i) => `  - <<: *o\n    name: r${i}\n`);
    const text = `rules:\n  - &o { name: a, match: { key: a }, outputs: [{ style: style/a, target: { key: "x/{key}" } }] }\n${rules.join('')}`;

    expect(diagnosticsOf(text)).toEqual([]);
  });

  it.each(['{dir}/{base}.webp', '{{dir}}/x', '*.jpg', '!a/*', '- a'])(
    'the compiler has a template or a glob without quotes put into them: %s',
    (key) => {
      const found = diagnosticsOf(`rules:\n  - target:\n      key: ${key}\n`);

      expect(found.map(({ hint }) => hint)).toEqual(['Globs and templates need quotes.']);
    },
  );

  it.each(['<<: { key: a }', '<<: [*m, { bucket: my-photos }]', 'key: a, size: { max: 1e6 }'])(
    'the compiler takes what is merged from maps, and numbers as people write them: %s',
    (match) => {
      const outputs = '[{ style: style/a, target: { key: "x/{key}" } }]';
      const first = `  - { name: a, match: &m { key: a }, outputs: ${outputs} }\n`;

      expect(
        diagnosticsOf(
          `rules:\n${first}${first.replace('a, match: &m { key: a }', `b, match: { ${match} }`)}`,
        ),
      ).toEqual([]);
    },
  );

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
});
