import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Diagnostic } from '../../src/check/diagnostic.ts';
import { rule, useProject } from './check-fixture.ts';
import { runCommand } from './terminal.ts';

const { pathOf, check } = useProject();

describe('check', () => {
  it('check finds nothing wrong with the rules and the deployment that are shipped', async () => {
    const { exitCode, out } = await runCommand(['check', '--strict']);

    expect([exitCode, out.trim().split('\n').at(-1)]).toEqual([
      0,
      expect.stringContaining('0 errors, 0 warnings'),
    ]);
    expect(out).toContain('compared with s.yaml');
  });

  it.each([
    'check --s-yaml none.yaml',
    'check --s-yaml=none.yaml',
    'build --s-yaml none.yaml',
    'generate trigger --s-yaml none.yaml',
    'doctor --s-yaml none.yaml',
  ])(
    'the command "%s" takes the template by the name that the option had in earlier versions',
    async (line) => {
      const { exitCode, err } = await runCommand(line.split(' '));

      expect([exitCode, err]).toEqual([2, expect.stringContaining('none.yaml cannot be read')]);
    },
  );

  it('check quotes the line of a loop, underlines the key, and shows the keys it goes through', async () => {
    const file = pathOf('rules.yaml');
    await writeFile(
      file,
      'rules:\n  - name: mark\n    match: { key: "花/*.jpg" }\n    outputs: [{ style: "image/format,jpg", target: { key: "花/{name}_t.jpg" } }]\n',
    );

    const { exitCode, out } = await runCommand(['check', '--rules', file]);

    expect(exitCode).toBe(1);
    expect(out).toContain(
      `error ${file}:4:60 makes a loop: \`mark\` saves keys such as \`花/a_t.jpg\`, which \`mark\` takes`,
    );
    expect(out).toContain(`\n    | ${' '.repeat(59)}${'^'.repeat(15)}\n`);
    expect(out).toContain('exclude: "**/*_t.jpg"');
  });

  it('check places an issue of a style in the template, whatever the variables hold', async () => {
    const file = pathOf('rules.yaml');
    await writeFile(
      file,
      'rules:\n  - name: r\n    match: { key: "a/*" }\n    outputs:\n      - style: image/resize,w_{w}/format,wepb\n        vary: { w: [1, 20000] }\n        target: { key: "b/{w}/{base}" }\n',
    );

    const { out } = await runCommand(['check', '--rules', file]);

    expect(out).toMatch(/error \S+:5:31 .*received "20000"/);
    expect(out).toMatch(/rules.yaml:5:42 .*wepb/);
  });

  it('check says every issue of rules that cannot be read', async () => {
    const { exitCode, out, codes } = await check([{ name: 'a b', match: {}, outputs: [] }]);

    expect(exitCode).toBe(1);
    expect(out).toContain('expected a name of 1 to 64');
    expect(codes.length).toBeGreaterThan(2);
  });

  it('check fails for warnings when it is strict, and for notes never', async () => {
    const two = [
      rule({ key: 'a/*' }, { key: 'd/{base}' }),
      rule({ key: 'b/*' }, { key: 'd/{base}' }, 'image/resize,w_100', 'other'),
    ];

    expect((await check(two)).exitCode).toBe(0);
    expect((await check(two, undefined, '--strict')).exitCode).toBe(1);
  });

  it('check has no note about the shipped rules', async () => {
    const { diagnostics } = JSON.parse((await runCommand(['check', '--json'])).out);

    expect(diagnostics).toEqual([]);
  });

  it('check is silent about a warning whose line accepts it, and never about an error', async () => {
    const file = pathOf('rules.yaml');
    const rules = (accept: string, target: string) =>
      `rules:\n  - name: a\n    match: { key: "a/*" }\n    outputs: [{ style: "image/resize,w_1", target: { key: "d/{base}" } }]\n  - name: b\n    match: { key: "b/*" }\n    outputs: [{ style: "image/resize,w_1", target: { key: "${target}" } }] # accept: ${accept}\n`;
    const codesOf = async (text: string) => {
      await writeFile(file, text);
      const { diagnostics } = JSON.parse((await runCommand(['check', '--rules', file, '--json'])).out);
      return diagnostics.map(({ code }: Diagnostic) => code);
    };

    expect(await codesOf(rules('other', 'd/{base}'))).toEqual(['collision']);
    expect(await codesOf(rules('other, collision', 'd/{base}'))).toEqual([]);
    expect(await codesOf(rules('loop', 'b/x{base}'))).toEqual(['loop']);
  });

  it('check refuses rules that are not UTF-8', async () => {
    const file = pathOf('rules.yaml');
    await writeFile(file, Buffer.from([0x23, 0x20, 0xb0, 0xe6, 0xc8, 0xa8]));

    const { exitCode, err } = await runCommand(['check', '--rules', file]);

    expect([exitCode, err]).toEqual([1, expect.stringContaining('rules.yaml:1:3 is not UTF-8')]);
  });

  it('check tells which rule takes results of another, which is no loop', async () => {
    const { exitCode, out } = await check([
      rule({ key: 'video/*.mp4' }, { key: 'covers/{name}.jpg' }, 'video/snapshot,t_1000,f_jpg', 'cover'),
      rule({ key: 'covers/*.jpg' }, { key: 'small/{base}' }),
    ]);

    expect(exitCode).toBe(0);
    expect(out).toContain('`thumbnail` takes results of `cover`\n');
  });

  it('check shows what a terminal would obey, and does not send it there', async () => {
    const { out } = await check([rule({ key: 'up/**' }, { key: '\u001b[31m\n/{base}' })]);

    expect(out).toContain('both become `\\u001b[31m\\n/a`');
    expect(out).not.toContain('\u001b');
  });

  it.each([
    ['^uploads/.*', '`^`'],
    ['uploads/.*\\.jpg', '`.*`'],
    ['uploads/*.(jpg|png)', '`(jpg|png)`'],
    ['uploads/@(a|b).jpg', '`@(`'],
    ['uploads/{1..3}.jpg', '`{1..3}`'],
    ['!uploads/raw/**', '`!`'],
    ['oss://photos/uploads/**', '`oss://`'],
    ['./uploads/**', '`./`'],
    ['uploads/%E4%B8%AD/*.jpg', '`%E4`'],
    ['“uploads/*.jpg”', '`“`'],
    ['uploads/*.jpg ', '` `'],
    ['uploads/*.jpg|uploads/*.png', '`|`'],
    ['uploads/*.jpg,uploads/*.png', '`.jpg,`'],
    ['uploads\\photos\\*.jpg', '`\\p`'],
    ['uploads\\*.jpg', '`\\*`'],
    ['uploads/*.jpg，', '`，`'],
    ['\u200euploads/*.jpg', '`\\u200e`'],
    ['up\u200bloads/*.jpg', '`\\u200b`'],
    ['uploads/*.{jpg，png}', '`，`'],
    ['uploads／*.jpg', '`／`'],
    ['uploads/＊.jpg', '`＊`'],
    ['uploads/*.｛jpg,png｝', '`｛`'],
  ])('check warns that %s is no glob', async (key, named) => {
    const { codes, out } = await check([rule({ key }, { key: 'derived/{key}' })]);

    expect(codes).toContain('warning foreign-glob');
    expect(out).toContain(`${named} is literal in a glob`);
  });

  it('check warns of a file without rules', async () => {
    expect((await check([])).codes).toEqual(['warning no-rules']);
  });

  it.each([
    [{ key: 'uploads/' }],
    [{ key: 'uploads/**/*.jpg', exclude: 'uploads/**' }],
    [{ key: ['a/*', 'b/*'], exclude: ['**'] }],
  ])('check warns of a rule that can take nothing: %j', async (match) => {
    expect((await check([rule(match, { key: 'derived/{key}' })])).codes).toEqual(['warning takes-nothing']);
  });

  it.each([
    ['image/resize,w_1/format,webp', 'derived/{name}.jpg', ['warning foreign-extension']],
    ['image/format,webp/quality,Q_80', 'derived/{name}.jpg', ['warning foreign-extension']],
    ['image/format,png/watermark,text_aGk/format,jpg', 'derived/{name}.jpg', []],
    ['video/snapshot,t_1000,f_jpg,m_fast', 'covers/{name}.png', ['warning foreign-extension']],
    ['doc/convert,target_png', 'pages/{name}-{index}.jpg', ['warning foreign-extension']],
    ['image/resize,w_1/format,jpg', 'derived/{name}.JPEG', []],
    ['image/resize,w_1/format,webp', 'derived/{base}', []],
    ['image/resize,w_1', 'derived/{base}.webp', ['warning foreign-extension']],
    ['image/resize,w_1', 'derived/{base}', []],
    ['style/small', 'derived/{base}.webp', []],
  ])('check compares the format of %s with the extension of %s', async (style, key, codes) => {
    expect((await check([rule({ key: 'uploads/*' }, { key }, style)])).codes).toEqual(codes);
  });

  it.each([
    ['*.{jpg,png}', 'webp', ['warning foreign-extension']],
    ['*.{jpg,JPEG}', 'jpg', []],
    ['*.tif', 'tiff', []],
    ['*.{jpg,png}', 'jpg', ['warning foreign-extension']],
  ])(
    'check compares the extensions of sources %s with .%s where no format is named',
    async (key, ext, codes) => {
      const found = await check([rule({ key }, { key: `derived/{base}.${ext}` }, 'image/resize,w_1')]);

      expect(found.codes).toEqual(codes);
    },
  );

  it.each([
    ['uploads/**/*.jpg', '{key}', 'webp', ['note foreign-extension']],
    ['uploads/**/*.{jpg,webp}', '{dir}/{base}', 'webp', ['note foreign-extension']],
    ['uploads/*.JPEG', '{dir}/{name}.{ext}', 'png', ['note foreign-extension']],
    ['uploads/*.{jpg,jpeg,png}', '{key}', 'jpg', ['note foreign-extension']],
    ['uploads/*.{jpg,JPEG}', '{key}', 'jpg', []],
    ['uploads/*.jpg', '{key}-{ext}', 'webp', []],
    ['uploads/*.mp4', '{key}', 'jpg', []],
    ['uploads/*', '{key}', 'webp', []],
  ])(
    'check notes that %s keep their extension as %s where the style makes %s',
    async (key, target, format, notes) => {
      const output = rule({ key }, { key: `out/${target}` }, `image/format,${format}`);

      const { diagnostics } = await check([output]);

      expect(diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toEqual(notes);
    },
  );

  it('check compares the formats of vary with the extension, once', async () => {
    const formats = async (f: string[], key: string) => {
      const output = { style: 'image/format,{f}', vary: { f }, target: { key } };
      return (await check([{ ...rule({ key: '*' }, {}), outputs: [output] }])).codes;
    };

    expect(await formats(['webp', 'png'], 'derived/{f}/{base}.jpg')).toEqual(['warning foreign-extension']);
    expect(await formats(['webp', 'png'], 'derived/{base}.{f}')).toEqual([]);
    expect(await formats(['jpg'], 'derived/{f}/{base}.jpeg')).toEqual([]);
  });

  it.each([
    'uploads/a,b/*.jpg',
    'uploads/{a,b}*.{jpg,png}',
    'uploads/[ab]/\\*.jpg',
    'uploads/**/*_200x200.*',
    'uploads/*.*',
    'uploads/**/.*',
    '照片，合集/{甲,乙}、丙/*.jpg',
    'می\u200cشود/👩\u200d👧/*.jpg',
  ])('check finds nothing foreign in the glob %s', async (key) => {
    expect((await check([rule({ key }, { key: 'derived/{key}' })])).codes).toEqual([]);
  });

  it.each([
    ['oss://photos/derived/{key}', '`oss://`'],
    [`derived/\${key}`, '`$`'],
    ['derived/{key}\n', '`\\n`'],
    ['./derived/{key}', '`./`'],
    ['derived/%E4/{key}', '`%E4`'],
    ['derived/{base}/', '`/`'],
    ['“derived/{base}”', '`“`'],
    ['derived/{base}’', '`’`'],
    ['derived/{base}，', '`，`'],
    ['derived\\{base}', '`\\`'],
    ['derived/{base}\u200b', '`\\u200b`'],
    ['derived/｛dir｝/{base}', '`｛`'],
  ])('check warns that a target of %j is saved as it stands', async (key, named) => {
    const { codes, out } = await check([rule({ key: 'uploads/*.jpg' }, { key })]);

    expect(codes).toEqual(['warning foreign-key']);
    expect(out).toContain(`${named} is literal in a key`);
  });

  it('check finds nothing foreign in a target of Chinese names', async () => {
    const key = '照片，合集/“甲”、乙/{base}';

    expect((await check([rule({ key: 'uploads/*.jpg' }, { key })])).codes).toEqual([]);
  });

  it('check warns of a target that all objects share', async () => {
    expect((await check([rule({ key: 'uploads/*' }, { key: 'derived/{yyyy}' })])).codes).toEqual([
      'warning shared-target',
    ]);
  });

  it.each([
    ['image/resize,w_320', 'derived/{base}-{w}', ['warning unused-variable']],
    ['image/resize,w_{w}', 'derived/{base}-{w}', []],
    ['image/watermark,text_{b64:{w}}', 'derived/{base}-{w}', []],
  ])('check compares the variables of the style %s with those of the target', async (style, key, codes) => {
    const { outputs, ...rest } = rule({ key: 'uploads/*' }, { key }, style);
    const varied = outputs.map((output) => ({ ...output, vary: { w: [320, 640] } }));

    expect((await check([{ ...rest, outputs: varied }])).codes).toEqual(codes);
  });

  it('check says where the values of a variable belong', async () => {
    const { out } = await check([rule({ key: 'uploads/*' }, { key: 'derived/{w}/{base}' })]);

    expect(out).toContain('received "{w}" (a variable of your own needs its values in vary)');
  });

  it('check fails the build with what it found', async () => {
    const file = pathOf('rules.yaml');
    await writeFile(file, stringify({ rules: [rule({ key: '**' }, { key: '{dir}/{name}_t.jpg' })] }));

    const { exitCode, err } = await runCommand(['build', '--rules', file, '--out', pathOf('dist')]);

    expect([exitCode, err]).toEqual([1, expect.stringContaining('makes a loop')]);
    await expect(readFile(pathOf('dist/rules.json'))).rejects.toThrow('ENOENT');
  });
});
