import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { checkDelivery } from '../../src/check/delivery.ts';
import { readTrigger } from '../../src/check/deployment.ts';
import { checkTriggers } from '../../src/check/triggers.ts';
import { nativeTriggers } from '../../src/cli/trigger-filters.ts';
import { compileRules } from '../../src/compile/compile.ts';
import { matchesNaively } from '../compile/naive-glob.ts';
import { rule, useFolder } from './generate-fixture.ts';

const { generate } = useFolder();

async function filtersOf(...rules: object[]): Promise<[string, string, string][]> {
  const { out } = await generate(rules, 'trigger', '--bucket', 'photos');
  const {
    triggers,
  }: {
    triggers: { sourceArn: string; triggerConfig: { filter: { key: { prefix: string; suffix: string } } } }[];
  } = parse(out);
  return triggers.map(({ sourceArn, triggerConfig: { filter } }) => [
    sourceArn.split(':').at(-1) ?? '',
    filter.key.prefix,
    filter.key.suffix,
  ]);
}

/** Keys of one to three names of which globs of `a`, `b` and wildcards take some. */
const keysUpTo3Folders = [[''], ['a/', 'b/', 'c/'], ['a/a/', 'a/b/', 'b/a/', 'b/c/', 'c/b/']]
  .flat()
  .flatMap((folder) => ['a', 'b', 'c', 'ab'].map((base) => folder + base))
  .flatMap((path) => ['', '.jpg', '.png', '.a', '.b', '.gif'].map((ending) => path + ending));

describe('the generated triggers', () => {
  it('the generated triggers are one for each prefix and suffix, never two that overlap', async () => {
    expect(
      await filtersOf(
        rule({ key: 'up/**/*.{jpg,png}' }, { key: 'd/{base}' }),
        rule({ key: 'up/x/*.jpg', bucket: ['photos', 'other'] }, { key: 'd/2/{base}' }),
      ),
    ).toEqual([
      ['photos', 'up/', '.png'],
      ['photos', 'up/', '.jpg'],
      ['other', 'up/x/', '.jpg'],
    ]);
  });

  it('the generated triggers are for each folder that a glob names', async () => {
    expect(await filtersOf(rule({ key: '{uploads,photos}/**/*.jpg' }, { key: 'd/{base}' }))).toEqual([
      ['photos', 'photos/', '.jpg'],
      ['photos', 'uploads/', '.jpg'],
    ]);
    expect(await filtersOf(rule({ key: '[ab]/**' }, { key: 'd/{base}' }))).toEqual([
      ['photos', 'a/', ''],
      ['photos', 'b/', ''],
    ]);
    expect(await filtersOf(rule({ key: ['up/[a-p]*.jpg', 'in/*.png'] }, { key: 'd/{base}' }))).toEqual([
      ['photos', 'up/', '.jpg'],
      ['photos', 'in/', '.png'],
    ]);
  });

  it('the generated triggers take no notice of endings where these would make more than ten', async () => {
    const endings = 'jpg,jpeg,png,webp,gif,bmp,tif,tiff,avif,heic,heif';

    expect(await filtersOf(rule({ key: `{up,in}/**/*.{${endings}}` }, { key: 'd/{base}' }))).toEqual([
      ['photos', 'in/', ''],
      ['photos', 'up/', ''],
    ]);
  });

  it('no trigger is generated where a bucket would need more than ten, but EventBridge named', async () => {
    const many = Array.from({ length: 11 }, (_, i) =>
      rule({ key: `up/${String.fromCharCode(97 + i)}/*.jpg` }, { key: `d/${i}/{base}` }),
    );

    const { exitCode, out, err } = await generate(many, 'trigger', '--bucket', 'photos');

    expect([exitCode, out]).toEqual([1, '']);
    expect(err).toContain('photos would need 11 native triggers, and a bucket has 10 at most');
    expect(err).toContain('"oss-saveas generate eventbridge"');
  });

  it('the generated triggers bring deletions only where a rule wants to know of them', async () => {
    const removing = { ...rule({ key: 'up/*.jpg' }, { key: 'd/{base}' }), onRemove: 'delete' };
    const { out } = await generate(
      [removing, rule({ key: 'docs/*.png' }, { key: 'e/{base}' })],
      'trigger',
      '--bucket',
      'photos',
    );

    const { triggers }: { triggers: { triggerConfig: { events: string[] } }[] } = parse(out);

    expect(triggers.map(({ triggerConfig }) => triggerConfig.events.length)).toEqual([6, 4]);
  });

  it('the generated triggers deliver all that rules take, and each key once', () => {
    const part = fc.constantFrom('a', 'b', '*', '**', '?', '{a,b}', '[ab]');
    const ending = fc.constantFrom('', '.jpg', '.{jpg,png}', '*.jpg', '{.a,.b}');
    const key = fc
      .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), ending)
      .map(([parts, end]) => `${parts.join('/')}${end}`);
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), (keys) => {
        const text = stringify({ rules: [rule({ key: keys }, { key: 'd/{key}' })] });
        const compiled = compileRules(text, 'rules.yaml');
        fc.pre(compiled.ok);
        const site = {
          region: 'cn-hangzhou',
          account: '1',
          bucket: 'photos',
          buckets: [],
          functionName: 'f',
        };
        const triggers = nativeTriggers(compiled.source, site).map((one) => readTrigger(one, []));

        for (const takenKey of keysUpTo3Folders.filter((one) =>
          keys.some((glob) => matchesNaively(glob, one)),
        )) {
          const fitting = triggers.filter(
            ({ prefix = '', suffix = '' }) => takenKey.startsWith(prefix) && takenKey.endsWith(suffix),
          );
          expect(fitting, takenKey).toHaveLength(1);
        }
        expect(checkDelivery(compiled.source, triggers)).toEqual([]);
        const ours = {
          path: [],
          name: 'f',
          isOurs: true,
          role: 'r',
          triggers,
          codeDir: '/dist',
          environment: {},
          destinations: {},
          unknown: [],
        };
        expect([...checkTriggers([ours])]).toEqual([]);
      }),
    );
  });
});

describe('what is generated for rules that delete outputs with their source', () => {
  const removing = { ...rule({ key: 'in/*.jpg' }, { key: 'out/{base}' }), onRemove: 'delete' };
  const removals = ['oss:ObjectRemoved:DeleteObject', 'oss:ObjectRemoved:DeleteObjects'];

  it('a generated trigger calls the function when objects are deleted, where a rule wants it', async () => {
    const kept = rule({ key: 'x/*', bucket: 'films' }, { key: 'y/{base}' });
    const { out } = await generate([removing, kept], 'trigger', '--bucket', 'photos');

    const { triggers }: { triggers: { triggerConfig: { events: string[] } }[] } = parse(out);
    const [photos, films] = triggers.map(({ triggerConfig }) => triggerConfig.events);
    expect(photos).toEqual([...(films ?? []), ...removals]);
  });

  it('a generated event pattern calls the function when objects are deleted, where a rule wants it', async () => {
    const { out } = await generate([removing], 'eventbridge', '--bucket', 'photos');

    expect(JSON.parse(out).type).toEqual(expect.arrayContaining(removals));
  });
});

describe('the generated event pattern', () => {
  const eventPatternOf = async (...rules: object[]) =>
    JSON.parse(
      (
        await generate(
          rules,
          'eventbridge',
          '--bucket',
          'photos',
          '--region',
          'cn-hangzhou',
          '--account',
          '1',
        )
      ).out,
    );

  it('the generated event pattern leaves our own outputs out before an invocation is paid', async () => {
    expect(
      await eventPatternOf(rule({ key: '**/*.jpg', exclude: 'derived/**' }, { key: 'derived/{key}' })),
    ).toMatchObject({
      subject: [{ suffix: '.jpg' }],
      data: {
        oss: { bucket: { name: ['photos'] }, object: { key: [{ 'anything-but': { prefix: 'derived/' } }] } },
      },
    });
  });

  it('the generated event pattern has a second pattern, for the ends of tasks, where rules have asynchronous outputs', async () => {
    const video = { style: 'video/convert,f_mp4,vcodec_h264' };
    const { out } = await generate(
      [
        rule({ key: 'in/*.mov' }, { key: 'mp4/{name}.mp4' }, video),
        rule({ key: 'in/*.doc' }, { key: 'pdf/{name}.pdf' }, { style: 'doc/convert,target_pdf' }),
      ],
      'eventbridge',
    );

    const [uploads, ends] = out.split(/(?<=^}\n)/m).map((text) => JSON.parse(text));
    expect(uploads.source).toEqual(['acs.oss']);
    expect(ends).toEqual({
      source: ['acs.imm'],
      type: ['imm:Task:MediaConvert', 'imm:Task:OfficeConversion'],
    });
  });

  it('the generated event pattern names no more endings than a pattern has room for', async () => {
    const pattern = await eventPatternOf(
      rule({ key: `{up,in}/*${'{a,b}'.repeat(12)}` }, { key: 'd/{base}' }),
    );

    expect(pattern.data.oss.object.key).toHaveLength(32);
  });

  it('the generated event pattern is for each folder that a glob names', async () => {
    const starts = ['photos/', 'uploads/'].map((prefix) => ({
      prefix: `acs:oss:cn-hangzhou:1:photos/${prefix}`,
    }));

    expect(await eventPatternOf(rule({ key: '{uploads,photos}/**' }, { key: 'd/{base}' }))).toMatchObject({
      subject: starts,
    });
  });

  it('the generated event pattern leaves nothing out that a rule takes', async () => {
    const pattern = await eventPatternOf(
      rule({ key: 'in/*.jpg' }, { key: 'in/mid/{base}' }),
      rule({ key: 'in/mid/*' }, { key: 'out/{base}' }),
    );

    expect(pattern).toMatchObject({ subject: [{ prefix: 'acs:oss:cn-hangzhou:1:photos/in/' }] });
    expect(JSON.stringify(pattern)).not.toContain('anything-but');
  });
});
