import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRules } from '../../src/check/check.ts';
import type { Diagnostic } from '../../src/check/diagnostic.ts';
import { compileRules } from '../../src/compile/compile.ts';
import { plan } from '../../src/pipeline/plan.ts';

/** Finds what is wrong with the deletions of rules that are given as data. */
function diagnose(...rules: object[]): Diagnostic[] {
  const named = rules.map((rule, i) => ({ name: `r${i}`, onRemove: 'delete', ...rule }));
  const compiled = compileRules(JSON.stringify({ rules: named }), 'rules.json');
  const diagnostics = compiled.ok ? checkRules(compiled).diagnostics : compiled.diagnostics;
  return diagnostics.filter(
    ({ severity, code }) => severity === 'error' && ['unsafe-removal', 'schema'].includes(code),
  );
}

const findFaults = (...rules: object[]) => diagnose(...rules).map(({ message }) => message);

const rule = (key: string | string[], target: string | object, more: object = {}, match: object = {}) => ({
  match: { key, ...match },
  outputs: [{ style: 'image/info', target: typeof target === 'string' ? { key: target } : target, ...more }],
});

const pictures = 'uploads/**/*.{jpg,jpeg,png,webp}';

describe('a deletion with the source', () => {
  it.each([
    ['{dir} and {base}', rule(pictures, 'derived/{dir}/{base}.webp')],
    ['{key}', rule('**', { bucket: 'made', key: 'd/{key}' }, {}, { bucket: 'photos' })],
    ['{dir}, {name} and {ext}', rule(pictures, 'derived/{ext}/{dir}/{name}-{ext}.webp')],
    [
      'values of vary behind a sign',
      rule(pictures, 'derived/{dir}/{base}-{w}.webp', { vary: { w: [2, 12] } }),
    ],
    ['one folder and one extension', rule('in/*.jpg', 'd/{name}.webp', {}, { exclude: '**/.*' })],
    ['the name before its folder', rule(pictures, 'd/{base}/{dir}')],
    ['the bucket', rule(pictures, { bucket: 'made', key: '{bucket}/{key}' }, {}, { bucket: ['p-a', 'p-b'] })],
    ['the bucket it lies in', rule(pictures, 'd/{key}', {}, { bucket: ['p-a', 'p-b'] })],
  ])('a deletion with the source is safe where the target tells its source: %s', (_, one) => {
    expect(findFaults(one)).toEqual([]);
  });

  it.each([
    [
      'its extension',
      rule(pictures, 'd/{dir}/{name}.webp'),
      '`uploads/a.jpg` and `uploads/a.png` both become',
    ],
    ['its folder', rule(pictures, 'd/{base}'), 'both become `d/a.jpg`'],
    [
      'its bucket',
      rule(pictures, { bucket: 'made', key: 'd/{key}' }),
      'two sources may have the same target',
    ],
    ['where its folder ends', rule(pictures, 'd/{dir}-{base}'), 'two sources may have the same target'],
    ['where its name ends', rule(pictures, 'd/{key}{w}', { vary: { w: ['', '.jpg'] } }), 'the same target'],
    [
      'where its folder ends, though all names are alike',
      rule('in/*/*.jpg', 'd/{dir}-{base}', {}, { exclude: '**/.*' }),
      'the same target',
    ],
    ['its text in Base64', rule(pictures, 'd/{b64:{dir}{base}}'), 'two sources may have the same target'],
    ['a name that begins with a dot', rule('in/*.jpg', 'd/{name}.webp'), 'such as `d/.jpg.webp`'],
  ])('a deletion with the source is refused where the target hides %s', (_, one, message) => {
    expect(findFaults(one)).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    ['one extension', 'in/*.jpg', 'd/{name}.webp'],
    ['one extension and many folders', 'in/**/*.jpg', 'd/{dir}/{name}.webp'],
  ])('a deletion with the source is told how to have it where keys have %s', (_, key, target) => {
    const [{ message = '', hint = '' } = {}] = diagnose(rule(key, target));

    expect(message).toMatch(/two sources may have the same target, such as `d\/(in\/)?\.jpg\.webp`$/);
    expect(hint).toContain('{name} does so too if names with a dot in front are left out, exclude: "**/.*".');
    expect(findFaults(rule(key, target.replace('{name}', '{base}')))).toEqual([]);
    expect(findFaults(rule(key, target, {}, { exclude: '**/.*' }))).toEqual([]);
  });

  it.each(['etag', 'yyyy', 'mm', 'dd'])(
    'a deletion with the source is refused where only the upload told the key its {%s}',
    (name) => {
      expect(findFaults(rule(pictures, `d/{${name}}/{key}`))).toEqual([
        expect.stringContaining('no {etag}, {yyyy}, {mm}, {dd}, {index} in a key with onRemove: delete'),
      ]);
    },
  );

  it('a deletion with the source is refused where another output may save under the same key, be it one that stays', () => {
    const other = { ...rule('other/**', 'derived/{key}'), onRemove: undefined };

    expect(findFaults(rule(pictures, 'derived/other/{dir}/{base}'), other)).toEqual([
      expect.stringMatching(/output 0 of `r1` saves under such keys too, as `derived\/other\/uploads\//),
    ]);
    expect(findFaults(rule(pictures, 'derived/{dir}/{base}'), other)).toEqual([]);
    expect(
      findFaults(
        rule(pictures, { bucket: 'made', key: 'derived/other/{key}' }, {}, { bucket: 'p-a' }),
        other,
      ),
    ).toEqual([expect.stringContaining('output 0 of `r1`')]);
  });

  it('a deletion with the source is safe for hundreds of rules that share a folder', () => {
    const rules = Array.from({ length: 300 }, (_, i) =>
      rule(`up/${i}/*.{jpg,png}`, 'derived/{rule}/{dir}/{base}'),
    );

    expect(findFaults(...rules)).toEqual([]);
  });

  it('a deletion with the source is safe for hundreds of folders that may lie anywhere, until two of them are one', () => {
    const rules = Array.from({ length: 300 }, (_, i) =>
      rule(`**/shop${i}/*.jpg`, 'derived/{dir}/{base}.webp'),
    );

    expect(findFaults(...rules)).toEqual([]);
    expect(findFaults(...rules.slice(0, 20), rule('**/shop7/*', 'derived/{dir}/{base}.webp'))).toEqual([
      expect.stringContaining('output 0 of `r20` saves under such keys too'),
      expect.stringContaining('output 0 of `r7` saves under such keys too'),
    ]);
  });

  it('a deletion with the source is asked of no rule that keeps its outputs', () => {
    expect(findFaults({ ...rule(pictures, 'd/{etag}'), onRemove: undefined })).toEqual([]);
  });

  it('a deletion with the source is never safe where two objects have one target', () => {
    const dirs = ['', 'a', 'a/b', 'a-b', 'b', 'x/a'];
    const names = ['a', 'b', 'a-b', 'a.b', '.a', 'a-1', '1'];
    const keys = dirs.flatMap((dir) =>
      names.flatMap((name) => ['', '.jpg', '.png', '.b'].map((ext) => `${dir}${dir && '/'}${name}${ext}`)),
    );
    const part = fc.constantFrom(
      ...[
        '{dir}',
        '{dir}/',
        '{name}',
        '{base}',
        '{ext}',
        '{key}',
        '{w}',
        '{bucket}',
        '/',
        '-',
        '.',
        'a',
        'd/',
      ],
    );
    const likely = fc.constantFrom(
      ...[
        '{key}',
        '{dir}/{base}-{w}',
        '{w}/{dir}/{name}.{ext}',
        '{base}/{dir}',
        '{dir}/{base}.{w}',
        '{name}',
      ],
      ...['{ext}-{base}/{dir}', '{key}{w}', '{dir}-{base}', '{dir}{base}', '{base}', '{dir}/{name}-{ext}'],
    );
    const anything = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
    const output = fc.oneof(likely, anything).map((key) => ({
      style: 'image/info',
      vary: key.includes('{w}') ? { w: [1, 11] } : undefined,
      target: { key: `t/${key}` },
    }));
    const document = fc.record({
      match: fc.record({
        key: fc.constantFrom('**', 'a/**', '*', '*/*', 'a*/*.jpg', '**/*.{jpg,png}', 'a/a*', '*/*.jpg'),
        exclude: fc.constantFrom('t/**', ['t/**', '**/.*'], ['t/**', '**/*-*']),
      }),
      onRemove: fc.constantFrom('delete', 'delete', undefined),
      outputs: fc.array(output, { minLength: 1, maxLength: 2 }),
    });
    const seed = Date.now();
    let safe = 0;
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 2 }), (rules) => {
        const named = rules.map((one, i) => ({ name: `r${i}`, ...one }));
        const compiled = compileRules(JSON.stringify({ rules: named }), 'rules.json');
        fc.pre(compiled.ok && findFaults(...rules).length === 0);
        const makers = new Map<string, Set<string>>();
        for (const key of keys) {
          const event = { bucket: 'photos', key, eventName: 'Manual' };
          for (const item of plan({ kind: 'object', event }, compiled.ruleSet)) {
            const target = item.target?.key ?? '';
            makers.set(target, (makers.get(target) ?? new Set()).add(`${item.rule}`));
            makers.get(target)?.add(key);
          }
        }
        const deleting = named.filter(({ onRemove }) => onRemove === 'delete').map(({ name }) => name);
        safe += deleting.length;
        // One source and one rule.
        const shared = [...makers].filter(
          ([target, who]) => target !== '' && who.size > 2 && deleting.some((name) => who.has(name)),
        );
        expect(shared).toEqual([]);
      }),
      { numRuns: 300, seed },
    );
    // There are about a hundred.
    expect(safe, `seed ${seed}`).toBeGreaterThan(10);
  }, 120_000);
});
