import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkRules } from '../../src/check/check.ts';
import { CliError } from '../../src/cli/command.ts';
import { importRules } from '../../src/cli/import.ts';
import { compileRules } from '../../src/compile/compile.ts';
import { targetsOf } from '../../src/targets-of.ts';
import { runCommand } from './terminal.ts';

const fixtures = 'test/fixtures/import';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'import-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** The keys that the imported rules save for an upload to the bucket `photos`, with another bucket before them. */
function savedBy(settings: object | string, key: string): string[] {
  const text = typeof settings === 'string' ? settings : JSON.stringify(settings);
  const compiled = compileRules(importRules(text, 'settings').rules, 'rules.yaml');
  return targetsOf(compiled.ok ? compiled.ruleSet : { rules: [] }, { bucket: 'photos', key }).map((target) =>
    target.bucket === 'photos' ? target.key : `${target.bucket}: ${target.key}`,
  );
}

/** The style of the only output. */
function styleOf(entry: object): string | undefined {
  const { rules } = importRules(JSON.stringify({ resizes: [{ directory: 'out', ...entry }] }), 'config.json');
  return /style: (.*)/.exec(rules)?.[1];
}

function errorsOf(rules: string): unknown[] {
  const compiled = compileRules(rules, 'rules.yaml');
  const diagnostics = compiled.ok ? checkRules(compiled).diagnostics : compiled.diagnostics;
  return diagnostics.filter(({ severity }) => severity === 'error');
}

describe('import', () => {
  it('import turns each published sample into rules that `check` passes', async () => {
    const files = await readdir(fixtures);
    for (const file of files) {
      const imported = await runCommand(['import', join(fixtures, file)]);
      const rules = join(dir, 'rules.yaml');
      await writeFile(rules, imported.out);

      const checked = await runCommand(['check', '--rules', rules]);

      expect([file, imported.exitCode, checked.exitCode]).toEqual([file, 0, 0]);
      expect(checked.out).toContain('no loop is possible');
    }
    expect(files).toHaveLength(7);
  });

  it('import names what has no counterpart on standard error, and as comments above the rules', async () => {
    const { out, err } = await runCommand(['import', `${fixtures}/firebase-docs.env`]);

    for (const note of err.trim().split('\n')) {
      expect(out).toContain(`# ${note}\n`);
    }
    expect(err).toContain('DELETE_ORIGINAL_FILE has no counterpart: the source is kept');
    expect(err).not.toContain('CACHE_CONTROL_HEADER');
    expect(err).toContain('except the quality of JPEG and WebP');
  });

  it('import keeps Cache-Control and ACL of either tool, and names an ACL that OSS does not know', () => {
    const outputs = (text: string) => {
      const { rules, notes } = importRules(text, 'settings');
      const compiled = compileRules(rules, 'rules.yaml');
      const all = compiled.ok ? compiled.ruleSet.rules.flatMap((rule) => rule.outputs) : [];
      return { steps: all.map(({ afterSteps }) => afterSteps), notes };
    };
    const config = {
      acl: 'public-read',
      cacheControl: 'no-cache',
      resizes: [
        { size: 1, directory: 'a' },
        { size: 2, directory: 'b', acl: 'authenticated-read', cacheControl: null },
      ],
    };
    const params = 'IMG_SIZES=9x9\nIMAGE_TYPE=webp\nCACHE_CONTROL_HEADER=max-age=86400\nMAKE_PUBLIC=true';

    const lambda = outputs(JSON.stringify(config));

    expect(lambda.steps).toEqual([
      { headers: { 'cache-control': 'no-cache' }, acl: 'public-read' },
      undefined,
    ]);
    expect(lambda.notes).toContain('resizes[1].acl has no counterpart.');
    expect(outputs(params).steps).toEqual([
      { headers: { 'cache-control': 'max-age=86400' }, acl: 'public-read' },
    ]);
  });

  it('import writes a new file with --out, and never over another one', async () => {
    const out = join(dir, 'rules.yaml');
    const args = ['import', `${fixtures}/lambda-sample.json`, '--out', out];

    const first = await runCommand(args);
    const written = await readFile(out, 'utf8');
    await writeFile(out, 'mine');
    const second = await runCommand(args);

    expect([first.exitCode, first.out, errorsOf(written)]).toEqual([0, '', []]);
    expect([second.exitCode, second.err]).toEqual([
      2,
      `oss-saveas import: ${out} cannot be written: it exists already; name another file.\n`,
    ]);
    expect(await readFile(out, 'utf8')).toBe('mine');
  });

  it('import writes to standard output for --out -', async () => {
    const args = ['import', `${fixtures}/lambda-sample.json`];

    const plain = await runCommand(args);

    expect(await runCommand([...args, '--out', '-'])).toEqual(plain);
  });

  it.each([
    ['{', 'is no config.json'],
    ['[]', 'is no config.json'],
    ['A=1', 'is no config.json'],
    ['{"resizes":[{"size":"5@","directory":"a"}]}', 'resizes[0] is left out: its style'],
    ['{"resizes":[{"size":5}]}', 'resizes[0] is left out: its directory'],
    ['{"resizes":[{"size":5,"directory":"../thumbs"}]}', 'resizes[0] is left out: its directory'],
    ['IMG_SIZES=', 'expected IMG_SIZES'],
    ['IMG_SIZES=0x9', 'expected IMG_SIZES'],
    ['IMG_SIZES=9x9\nRESIZED_IMAGES_PATH=../a', 'RESIZED_IMAGES_PATH below the source'],
    ['IMG_SIZES=9x9\nIMAGE_TYPE=gif', 'an IMAGE_TYPE that OSS makes'],
  ])('import refuses %j with a sentence', async (text, message) => {
    const file = join(dir, 'settings');
    await writeFile(file, text);

    const { exitCode, out, err } = await runCommand(['import', file]);

    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  it('import never gives rules that do not pass the check, whatever the settings are', () => {
    const word = fc.constantFrom(
      'a',
      'thumbs',
      'x{y}',
      '*',
      '..',
      '.',
      '',
      'a/b',
      '/a/',
      'é[1]',
      '{w}',
      '\\',
      'a,b',
      '!x',
      '#',
    );
    const size = fc.oneof(
      fc.integer({ min: -1, max: 20_000 }),
      fc.constantFrom('9x', 'x9', '9x9^', '9x9!', '9x9>', '50%', '0x', '9@', '1x2<'),
    );
    const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const entry = fc.record({
      size: optional(size),
      directory: optional(word.chain((a) => word.map((b) => `${a}${b}`))),
      prefix: optional(word),
      suffix: optional(word),
      bucket: optional(fc.constantFrom('Some.bucket', 'abc', 'abc/d', 'x', '{}')),
      crop: optional(fc.constantFrom('9x9', '9x9+1+1', '9x9-1+1', '9%')),
      gravity: optional(fc.constantFrom('Center', 'North', 'Up')),
      format: optional(fc.constantFrom('jpg', 'png', 'gif', 'tiff', 'psd')),
      quality: optional(fc.integer({ min: -1, max: 101 })),
      orientation: optional(fc.boolean()),
      acl: optional(fc.constantFrom('private', 'public-read', 'authenticated-read', '', 1)),
      cacheControl: optional(fc.constantFrom('no-cache', 'é', ' x', '', null, 'a\nb')),
      template: optional(fc.constant({ pattern: 'a', output: 'b' })),
    });
    const config = fc.record({
      bucket: optional(word),
      resizes: fc.array(entry, { maxLength: 3 }),
      reduce: optional(entry),
    });
    const list = (item: fc.Arbitrary<string>) =>
      fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
    const params = fc.record({
      IMG_SIZES: list(fc.constantFrom('9x9', '200x100', '0200x100', '9x', 'a')),
      IMAGE_TYPE: optional(
        list(fc.constantFrom('jpeg', 'jpg', 'png', 'tif', 'webp', 'avif', 'gif', 'false', 'x')),
      ),
      RESIZED_IMAGES_PATH: optional(word),
      INCLUDE_PATH_LIST: optional(list(word.map((one) => `/${one}/*`))),
      EXCLUDE_PATH_LIST: optional(list(word.map((one) => `/${one}`))),
      OUTPUT_OPTIONS: optional(fc.constantFrom('{"jpeg":{"quality":5}}', '{"webp":{"quality":500}}', '{')),
    });
    const env = params.map((all) =>
      Object.entries(all)
        .flatMap(([name, value]) => (value === undefined ? [] : [`${name}='${value}'\n`]))
        .join(''),
    );
    const seed = Date.now();
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          config.map((one) => JSON.stringify(one)),
          env,
        ),
        (text) => {
          try {
            const { rules } = importRules(text, 'settings');
            accepted += 1;
            expect(errorsOf(rules)).toEqual([]);
          } catch (error) {
            if (!(error instanceof CliError)) {
              throw error;
            }
          }
        },
      ),
      { numRuns: 300, seed },
    );
    // There are about sixty.
    expect(accepted, `seed ${seed}`).toBeGreaterThan(10);
  }, 240_000);
});

describe("import of aws-lambda-image's config.json", () => {
  it.each([
    [{ size: 300 }, 'image/resize,m_lfit,w_300,limit_0'],
    [{ size: 'x300' }, 'image/resize,m_lfit,h_300,limit_0'],
    [{ size: '30x20>' }, 'image/resize,m_lfit,w_30,h_20,limit_1'],
    [{ size: '30x20!' }, 'image/resize,m_fixed,w_30,h_20,limit_0'],
    [{ size: '50%' }, 'image/resize,p_50'],
    [
      { size: '60x60^', crop: '60x60', gravity: 'Center', orientation: true },
      'image/auto-orient,1/resize,m_mfit,w_60,h_60,limit_0/crop,w_60,h_60,g_center',
    ],
    [{ size: 9, format: 'JPG', quality: 80 }, 'image/resize,m_lfit,w_9,limit_0/format,jpg/quality,Q_80'],
  ])('import turns an entry %j of aws-lambda-image into the style %s', (entry, style) => {
    expect(styleOf(entry)).toBe(style);
  });

  it.each([
    [{ directory: './t' }, ['a/t/b.JPG']],
    [{ directory: 't/' }, ['t/b.JPG']],
    [{ directory: './', prefix: 's-' }, ['a/s-b.JPG']],
    [{ suffix: '_s', format: 'jpeg' }, ['a/b_s.jpg']],
    [{ directory: 't', bucket: 'rooms' }, ['rooms: t/b.JPG']],
    [{ directory: 't', bucket: 'my.rooms' }, ['t/b.JPG']],
  ])('rules that import wrote save an output with %j where aws-lambda-image does', (entry, keys) => {
    expect(savedBy({ resizes: [{ size: 9, ...entry }] }, 'a/b.JPG')).toEqual(keys);
  });

  it('rules that import wrote leave alone what they saved', () => {
    const config = {
      resizes: [
        { size: 9, directory: './t' },
        { size: 8, prefix: 's-' },
      ],
    };

    expect(savedBy(config, 'a/b.jpg')).toEqual(['a/t/b.jpg', 'a/s-b.jpg']);
    expect([...savedBy(config, 'a/t/b.jpg'), ...savedBy(config, 'a/s-b.jpg')]).toEqual([]);
  });
});

describe("import of Resize Images' parameters", () => {
  it('rules that import wrote for Resize Images save beside the source, by size and type, and keep the extension of those that keep their type', () => {
    const env = 'IMG_SIZES=9x9,8x8\nRESIZED_IMAGES_PATH=t\nIMAGE_TYPE=webp,false';

    expect(savedBy(env, 'a/b.JPG')).toEqual([
      'a/t/b_9x9.webp',
      'a/t/b_8x8.webp',
      'a/t/b_9x9.JPG',
      'a/t/b_8x8.JPG',
    ]);
    // Its own type it has from the conversion.
    expect(savedBy(env, 'b.webp')).toEqual(['t/b_9x9.webp', 't/b_8x8.webp']);
    expect(savedBy(env, 'a/t/b_9x9.webp')).toEqual([]);
  });

  it.each([
    ['users/x/pictures/a.jpg', true],
    ['users/x/y/pictures/z/a.jpg', true],
    ['users/pictures/a.jpg', false],
    ['users/x/pictures2/a.jpg', false],
    ['menu (1)/a.jpg', true],
    ['menu (1)/old/x/a.jpg', false],
    ['a.jpg', false],
  ])('rules that import wrote for Resize Images take %s by the lists of paths: %s', (key, isTaken) => {
    const env =
      'IMG_SIZES=9x9\nINCLUDE_PATH_LIST=/users/*/pictures,/menu (1)\nEXCLUDE_PATH_LIST=/menu (1)/old';

    expect(savedBy(env, key).length > 0).toBe(isTaken);
  });
});
