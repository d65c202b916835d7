import { describe, expect, it } from 'vitest';
import { checkRules } from '../../src/check/check.ts';
import { compileRules } from '../../src/compile/compile.ts';
import { compileSketches, type Sketch } from './sketches.ts';

function check(...sketches: Sketch[]) {
  const compiled = compileSketches(sketches);
  if (!compiled.ok) {
    throw new Error(JSON.stringify(compiled.diagnostics));
  }
  return checkRules(compiled);
}

const found = (...sketches: Sketch[]) =>
  check(...sketches).diagnostics.map(({ severity, code, message, hint }) => ({
    severity,
    code,
    message,
    hint,
  }));

describe('checking rules', () => {
  it('the check finds nothing in rules that keep apart', () => {
    expect(check({ key: 'uploads/**/*.jpg', to: 'derived/{dir}/{base}' })).toEqual({
      diagnostics: [],
      chains: [],
      cycles: [],
    });
  });

  it.each<[string, Sketch, string]>([
    [
      'a folder that is read',
      { key: '**/*.jpg', to: 'thumbs/{key}' },
      'Leave the results out, exclude: "thumbs/**".',
    ],
    [
      'a suffix',
      { key: '**/*.jpg', to: '{dir}/{name}_t.jpg' },
      'Leave the results out, exclude: "**/*_t.jpg".',
    ],
    [
      'neither',
      { key: 'uploads/*.webp', to: 'uploads/{name}.webp.webp' },
      'Save them under a folder that no rule takes, such as "derived/{dir}/…".',
    ],
    [
      'a bucket that is not named',
      { key: '**', to: 'x/{key}', toBucket: 'my-marked' },
      'Name the bucket of the uploads in match.bucket of `r0`.',
    ],
  ])('the check says how a loop by %s is put right', (_, sketch, hint) => {
    expect(found(sketch)).toMatchObject([{ severity: 'error', code: 'loop', hint }]);
  });

  it('the check names the buckets of a loop over several', () => {
    const [loop] = found(
      { key: '**', bucket: 'bucket-1', to: '{key}', toBucket: 'bucket-2' },
      { key: '**', bucket: 'bucket-2', to: '{key}', toBucket: 'bucket-1' },
    );

    expect(loop?.message).toBe(
      'makes a loop: `r0` saves keys such as `oss://bucket-2/a`, which `r1` takes; `r1` saves keys such as `oss://bucket-1/a`, which `r0` takes',
    );
  });

  it('the check says of rules beyond number that they are too many for a proof', () => {
    const many = Array.from({ length: 1_500 }, (_, i) => ({ key: `**/${i}`, to: `{dir}/x${i}` }));

    expect(found(...many)).toContainEqual(
      expect.objectContaining({ severity: 'error', code: 'too-complex' }),
    );
  });

  it('the check warns of a target bucket whose uploads the rule would take as well', () => {
    expect(found({ key: 'uploads/**', to: '{key}', toBucket: 'my-marked' })).toMatchObject([
      { severity: 'warning', code: 'own-source', hint: expect.stringContaining('match.bucket') },
    ]);
  });

  it('the check shows a chain of rules that leads nowhere back', () => {
    expect(
      check({ key: 'video/*.mp4', to: 'covers/{name}.jpg' }, { key: 'covers/*.jpg', to: 'small/{base}' })
        .chains,
    ).toEqual([{ rule: 'r0', next: 'r1' }]);
  });

  it('the check shows a chain whose next rule takes only some of the results', () => {
    const { diagnostics, chains } = check(
      { key: 'uploads/**', to: 'derived/{key}' },
      { key: '**/*.png', exclude: 'derived/**', to: '{dir}/{name}.jpg', style: 'image/format,jpg' },
    );

    expect(diagnostics).toEqual([]);
    expect(chains).toEqual([{ rule: 'r1', next: 'r0' }]);
  });
});

describe('outputs that overwrite each other', () => {
  it.each<[string, Sketch[], object]>([
    [
      'two rules for one object',
      [
        { key: 'a/*.jpg', to: 'd/{name}.webp' },
        { key: '**/*.jpg', to: 'd/{name}.webp', exclude: '*' },
      ],
      {
        severity: 'error',
        code: 'collision',
        message: '`a/a.jpg` is saved as `d/a.webp`, and by output 0 of `r0` as well',
      },
    ],
    [
      'rules for two objects',
      [
        { key: 'a/*', to: 'd/{base}' },
        { key: 'b/*', to: 'd/{base}' },
      ],
      {
        severity: 'warning',
        code: 'collision',
        message: 'saves some objects as output 0 of `r0` saves others, such as `d/a`: the later one stays',
      },
    ],
    [
      'a key that leaves the format out',
      [{ key: 'a/*.{jpg,png}', to: '{dir}/d/{name}.webp' }],
      {
        severity: 'note',
        code: 'shared-target',
        message: '`a/a.jpg` and `a/a.png` both become `a/d/a.webp`: the later one stays',
      },
    ],
    [
      'a key that leaves the folder out',
      [{ key: 'a/**', to: 'd/{base}' }],
      { message: '`a/a` and `a/a/a` both become `d/a`: the later one stays' },
    ],
    [
      'a key that leaves the name out',
      [{ key: 'a/*', to: 'latest/{rule}' }],
      { message: '`a/a` and `a/b` both become `latest/r0`: the later one stays' },
    ],
  ])('outputs that overwrite each other are shown: %s', (_, sketches, expected) => {
    expect(found(...sketches)).toContainEqual(expect.objectContaining(expected));
  });

  it.each([
    ['sizes', { size: { max: '1MB' } }, { size: { min: 1_048_577 } }],
    ['types', { contentType: 'image/png' }, { contentType: ['image/jpeg', 'video/*'] }],
  ])('outputs do not overwrite each other where two rules divide objects by their %s', (_, one, other) => {
    const collisionsOf = (...matches: object[]) => {
      const rules = matches.map((match, i) => ({
        name: `r${i}`,
        match: { key: 'a/*', ...match },
        outputs: [{ style: `image/resize,w_${i + 1}`, target: { key: 'd/{base}' } }],
      }));
      const compiled = compileRules(JSON.stringify({ rules }), 'rules.json');
      return compiled.ok ? checkRules(compiled, {}).diagnostics.map(({ code }) => code) : ['wrong'];
    };

    expect(collisionsOf(one, other)).toEqual([]);
    expect(collisionsOf(one, {})).toEqual(['collision']);
    expect(collisionsOf(one, one)).toEqual(['collision']);
    expect(collisionsOf({ contentType: 'image/jpg' }, { contentType: 'image/jpeg' })).toEqual(['collision']);
  });

  it('outputs that overwrite each other are not seen where keys or buckets differ', () => {
    const apart = found(
      { key: 'a/*', bucket: 'bucket-0', to: 'd/{dir}/{base}' },
      { key: 'b/*', bucket: 'bucket-0', to: 'd/{dir}/{base}' },
      { key: 'a/*', to: 'd/{dir}/{base}', bucket: 'bucket-1', toBucket: 'bucket-2' },
      { key: 'a/*', to: 'd/{dir}/{base}', bucket: 'bucket-1', toBucket: 'bucket-3' },
    );

    expect(apart).toEqual([]);
  });
});

describe('styles of rules', () => {
  const text = (style: string, vary = '') =>
    `rules: [{ name: r, match: { key: "a/*" }, outputs: [{ style: "${style}", ${vary} target: { key: "b/{key}" } }] }]`;

  function stylesOf(rules: string, region?: string) {
    const compiled = compileRules(rules, 'rules.yaml');
    if (!compiled.ok) {
      throw new Error(JSON.stringify(compiled.diagnostics));
    }
    return checkRules(compiled, { regions: [region] }).diagnostics.map(({ code, place, message }) => [
      code,
      place?.sourceLine.slice(place.column - 1, place.column - 1 + place.length),
      message,
    ]);
  }

  it('styles of rules are checked under each value, and faults placed in the template', () => {
    const rules = text('image/resize,w_{w}/format,wepb', 'vary: { w: [1, 20000, 30000] },').replace(
      'b/{key}',
      'b/{w}/{key}',
    );

    expect(stylesOf(rules)).toEqual([
      ['style', 'wepb', expect.stringContaining('wepb')],
      ['style', '{w}', expect.stringContaining('20000')],
    ]);
  });

  it('styles of rules are right where they are', () => {
    expect(stylesOf(text('image/watermark,text_{b64:© {name}}/resize,w_100'))).toEqual([]);
  });

  it.each([
    ['doc/convert,target_pdf', 'derived/{name}.pdf', []],
    ['doc/convert,target_png', 'derived/{name}.png', ['several-results']],
    ['doc/convert,target_png', 'derived/{name}/{index}.png', []],
    ['video/convert,f_mp4,vcodec_h264', 'derived/{name}.mp4', []],
    ['video/snapshots,f_jpg', 'derived/{name}.jpg', ['several-results']],
    ['video/sprite,f_jpg,sw_100,sh_100', 'derived/{name}.jpg', ['several-results']],
    ['audio/convert,f_mp3', 'derived/{name}.mp3', []],
    ['style/::h264-mp4-1080p', 'derived/{name}.mp4', []],
    ['video/snapshot,t_1,f_jpg', 'derived/{name}.jpg', []],
  ])(
    'the style %s, saved as %s, is told apart by {index} where it may be several objects',
    (style, key, expected) => {
      const compiled = compileRules(text(style).replace('b/{key}', key), 'rules.yaml');
      const diagnostics = compiled.ok ? checkRules(compiled).diagnostics : [];

      const told = diagnostics.filter(({ severity }) => severity !== 'note');
      expect([compiled.ok, told.map(({ code }) => code)]).toEqual([true, expected]);
    },
  );

  it.each([
    'image/resize，w_100',
    'image/resize,w_100，h_100',
    'image/resize,w_100／format,webp',
    'image/resize, w_100',
  ])('styles of rules are told of characters that only look like those of the language: %s', (style) => {
    const compiled = compileRules(text(style), 'rules.yaml');
    const diagnostics = compiled.ok ? checkRules(compiled).diagnostics : [];

    const hint = 'A style has neither blanks nor full-width characters such as "，".';
    expect(diagnostics).toContainEqual(expect.objectContaining({ severity: 'error', hint }));
  });

  const wayToWrite = 'Write the text itself as {b64:…}, with single braces and nothing beside it.';
  it.each([
    ['text_Hello', wayToWrite],
    ['text_{{name}}', wayToWrite],
    ['text_', wayToWrite],
    ['text_{b64:}', wayToWrite],
    ['text_{{b64:x}}', wayToWrite],
    ['text_{b64:{{x}}}', wayToWrite],
    [`text_{b64:${'汉'.repeat(22)}}`, undefined],
    ['text_{b64:© Example}，size_30', wayToWrite],
  ])('styles of rules come with the way to write a text that is no Base64: %s', (parameter, hint) => {
    const compiled = compileRules(text(`image/watermark,${parameter}`), 'rules.yaml');
    const diagnostics = compiled.ok ? checkRules(compiled).diagnostics : [];

    expect(diagnostics).toMatchObject([{ severity: 'error', hint }]);
  });
});
