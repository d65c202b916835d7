import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { checkDelivery } from '../../src/check/delivery.ts';
import { readTrigger } from '../../src/check/deployment.ts';
import { checkTriggers } from '../../src/check/triggers.ts';
import { nativeTriggers } from '../../src/cli/trigger-filters.ts';
import { compileRules } from '../../src/compile/compile.ts';
import { runCommand } from './terminal.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'generate-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const rule = (match: object, target: object, more: object = {}) => ({
  name: 'r',
  match,
  outputs: [{ style: 'image/resize,w_100', target, ...more }],
});

async function generate(rules: object[], ...args: string[]) {
  const file = join(dir, 'rules.yaml');
  await writeFile(file, stringify({ rules: rules.map((one, i) => ({ ...one, name: `r${i}` })) }));
  return runCommand(['generate', ...args, '--rules', file]);
}

interface Statement {
  Action: string[];
  Resource: string[];
}

async function policyOf(...rules: object[]): Promise<[string, string[]][]> {
  const { out } = await generate(rules, 'policy', '--bucket', 'photos');
  const { Statement }: { Statement: Statement[] } = JSON.parse(out);
  return Statement.map(({ Action, Resource }) => [Action.join(), Resource]);
}

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

describe('the generated policy', () => {
  it('allows processing of sources and saving of targets, and nothing more', async () => {
    expect(
      await policyOf(
        rule({ key: 'uploads/**' }, { key: 'derived/{key}' }),
        rule({ key: 'uploads/raw/*', bucket: 'other' }, { bucket: 'marked', key: '{name}' }),
      ),
    ).toEqual([
      ['oss:PostProcessTask', ['acs:oss:*:*:other/uploads/raw/*', 'acs:oss:*:*:photos/uploads/*']],
      ['oss:PutObject', ['acs:oss:*:*:marked/*', 'acs:oss:*:*:photos/derived/uploads/*']],
    ]);
  });

  it('allows saving below the folder of a source, and not beside it', async () => {
    const [, saving] = await policyOf(rule({ key: 'uploads/*' }, { key: 'derived/{dir}/{base}' }));

    expect(saving).toEqual(['oss:PutObject', ['acs:oss:*:*:photos/derived/uploads/*']]);
  });

  it.each([
    ['a size', rule({ key: 'in/*', size: { max: 9 } }, { key: 'out/{base}' }), ['acs:oss:*:*:photos/in/*']],
    [
      'what is missing',
      rule({ key: 'in/*' }, { key: 'out/{base}' }, { refresh: 'missing' }),
      ['acs:oss:*:*:photos/in/*', 'acs:oss:*:*:photos/out/*'],
    ],
    [
      'the ETag in a style alone',
      { ...rule({ key: 'in/*' }, { key: 'out/{base}' }, { style: 'image/watermark,text_{b64:{etag}}' }) },
      ['acs:oss:*:*:photos/in/*'],
    ],
  ])('the generated policy lets objects be looked at where a rule asks for %s', async (_, one, expected) => {
    expect((await policyOf(one))[2]).toEqual(['oss:GetObject', expected]);
  });

  it.each([
    ['a header', { headers: { Expires: '0' } }, []],
    ['a storage class', { storageClass: 'IA' }, []],
    ['a tag', { tags: { kind: 'thumbnail' } }, ['oss:PutObjectTagging']],
    ['an ACL', { acl: 'public-read' }, ['oss:PutObjectAcl']],
  ])(
    'the generated policy lets targets be read for the copy that gives them %s, and nothing more',
    async (_, more, actions) => {
      const output = { key: 'out/{base}' };
      const targets = ['acs:oss:*:*:photos/out/*'];

      expect(await policyOf(rule({ key: 'in/*' }, output, more))).toEqual([
        ['oss:PostProcessTask', ['acs:oss:*:*:photos/in/*']],
        ['oss:PutObject', targets],
        ['oss:GetObject', targets],
        ...actions.map((action) => [action, targets]),
      ]);
    },
  );

  it('the generated policy lets targets be deleted that may be larger than their source, and sources be asked for their size', async () => {
    const policy = await policyOf(
      rule({ key: 'in/*' }, { key: 'out/{base}' }, { skipLarger: true }),
      rule({ key: 'other/*' }, { key: 'kept/{base}' }),
    );

    expect(policy.slice(2)).toEqual([
      ['oss:GetObject', ['acs:oss:*:*:photos/in/*', 'acs:oss:*:*:photos/out/*']],
      ['oss:DeleteObject', ['acs:oss:*:*:photos/out/*']],
    ]);
  });

  it('the generated policy lets outputs be deleted that go with their source, and the sources be asked for, and nothing more', async () => {
    const policy = await policyOf(
      { ...rule({ key: 'in/*' }, { bucket: 'made', key: 'out/{key}' }), onRemove: 'delete' },
      rule({ key: 'other/*' }, { key: 'kept/{base}' }),
    );

    // OSS help, "Determine whether an object exists": oss:GetObject alone is what HEAD needs.
    expect(policy.slice(2)).toEqual([
      ['oss:GetObject', ['acs:oss:*:*:made/out/in/*', 'acs:oss:*:*:photos/in/*']],
      ['oss:DeleteObject', ['acs:oss:*:*:made/out/in/*']],
    ]);
  });

  it('the generated policy lets the logo of a watermark be read, and whatever name it may have', async () => {
    const logo = (style: string) => rule({ key: 'in/*' }, { key: 'out/{base}' }, { style });
    const read = async (style: string) => (await policyOf(logo(style)))[2];

    expect(await read('image/watermark,image_{b64:logos/our logo.png}')).toEqual([
      'oss:GetObject',
      ['acs:oss:*:*:photos/logos/our logo.png'],
    ]);
    expect(await read('image/watermark,image_{b64:logo.png?x-oss-process=image/resize,P_30}')).toEqual([
      'oss:GetObject',
      ['acs:oss:*:*:photos/logo.png'],
    ]);
    expect(await read('image/watermark,image_{b64:logos/{name}.png}')).toEqual([
      'oss:GetObject',
      ['acs:oss:*:*:photos/logos/*'],
    ]);
  });

  it.each([
    ['video/convert,f_mp4,vcodec_h264', ['imm:CreateMediaConvertTask']],
    ['video/animation,f_gif', ['imm:CreateMediaConvertTask']],
    ['video/sprite,f_jpg,sw_100,sh_100', ['imm:CreateMediaConvertTask']],
    ['video/snapshots,f_jpg', ['imm:CreateMediaConvertTask']],
    ['video/concat,f_mp4,vcodec_h264,acodec_aac', ['imm:CreateMediaConvertTask']],
    ['audio/convert,f_mp3', ['imm:CreateMediaConvertTask']],
    ['audio/concat,f_mp3', ['imm:CreateMediaConvertTask']],
    ['doc/convert,target_pdf', ['imm:CreateOfficeConversionTask']],
    ['style/::h264-mp4-1080p', ['imm:CreateMediaConvertTask', 'imm:CreateOfficeConversionTask']],
  ])('allows %s what it needs of IMM, and to read its sources', async (style, permissions) => {
    const target = { key: 'out/{base}-{index}' };

    expect(await policyOf(rule({ key: 'in/*' }, target, { style }))).toEqual([
      ['oss:PostProcessTask', ['acs:oss:*:*:photos/in/*']],
      ['oss:PutObject', ['acs:oss:*:*:photos/out/*']],
      ['oss:GetObject', ['acs:oss:*:*:photos/in/*']],
      ['oss:ProcessImm', ['acs:oss:*:*:photos/in/*']],
      ...permissions.map((permission) => [permission, ['acs:imm:*:*:project/*']]),
    ]);
  });

  it('allows a snapshot of a video nothing of IMM', async () => {
    const snapshot = { style: 'video/snapshot,t_1000,f_jpg' };

    expect(await policyOf(rule({ key: 'in/*' }, { key: 'out/{base}.jpg' }, snapshot))).toHaveLength(2);
  });

  it('the generated policy is refused for rules that take every bucket there is', async () => {
    const { exitCode, err } = await generate([rule({ key: 'a/*' }, { key: 'b/{base}' })], 'policy');

    expect([exitCode, err]).toEqual([2, expect.stringContaining('--bucket')]);
  });
});

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

  it('the generated triggers are widened where a bucket would need more than ten', async () => {
    const many = Array.from({ length: 11 }, (_, i) =>
      rule({ key: `up/${String.fromCharCode(97 + i)}/*.jpg` }, { key: `d/${i}/{base}` }),
    );

    expect(await filtersOf(...many)).toEqual([['photos', 'up/', '']]);
  });

  it('deliver all that rules take, and no two overlap', async () => {
    const part = fc.constantFrom('a', 'b', '*', '**', '?', '{a,b}', '[ab]');
    const ending = fc.constantFrom('', '.jpg', '.{jpg,png}', '*.jpg', '{.a,.b}');
    const key = fc
      .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), ending)
      .map(([parts, end]) => `${parts.join('/')}${end}`);
    await fc.assert(
      fc.asyncProperty(fc.array(key, { minLength: 1, maxLength: 4 }), async (keys) => {
        const text = stringify({ rules: [rule({ key: keys }, { key: 'd/{key}' })] });
        const compiled = compileRules(text, 'rules.yaml');
        if (!compiled.ok) {
          return;
        }
        const site = { region: 'cn-hangzhou', account: '1', bucket: 'photos', functionName: 'f' };
        const triggers = nativeTriggers(compiled.source, site).map((one) => readTrigger(one, []));

        expect(checkDelivery(compiled.source, triggers)).toEqual([]);
        const ours = {
          path: [],
          name: 'f',
          isOurs: true,
          role: 'r',
          triggers,
          codeDir: '/dist',
          settings: [],
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
  const patternOf = async (...rules: object[]) =>
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

  it('leaves our own outputs out before an invocation is paid', async () => {
    expect(
      await patternOf(rule({ key: '**/*.jpg', exclude: 'derived/**' }, { key: 'derived/{key}' })),
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

  it('leaves nothing out that a rule takes', async () => {
    const pattern = await patternOf(
      rule({ key: 'in/*.jpg' }, { key: 'in/mid/{base}' }),
      rule({ key: 'in/mid/*' }, { key: 'out/{base}' }),
    );

    expect(pattern).toMatchObject({ subject: [{ prefix: 'acs:oss:cn-hangzhou:1:photos/in/' }] });
    expect(JSON.stringify(pattern)).not.toContain('anything-but');
  });
});

describe('generate --check', () => {
  const agree = async (
    what: 'trigger' | 'eventbridge',
    change: (text: string) => string = (text) => text,
  ) => {
    const rules = [rule({ key: '**/*.{jpg,png}', exclude: 'derived/**' }, { key: 'derived/{key}' })];
    const { out } = await generate(rules, what);
    const triggers =
      what === 'trigger'
        ? parse(change(out)).triggers
        : [
            {
              triggerName: 'e',
              triggerType: 'eventbridge',
              triggerConfig: { eventRuleFilterPattern: change(out) },
            },
          ];
    const props = { region: 'cn-hangzhou', role: 'r', triggers, ...{ codeDir: '/dist', settings: [] } };
    await writeFile(
      join(dir, 's.yaml'),
      stringify({ vars: { region: 'cn-hangzhou', bucket: 'photos' }, resources: { f: { props } } }),
    );
    return generate(rules, what, '--check');
  };

  it('agrees with a pattern that was generated', async () => {
    expect(await agree('eventbridge')).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('agree with'),
    });
  });

  it('says what no longer agrees', async () => {
    const { exitCode, out } = await agree('eventbridge', (text) => text.replace('.png', '.gif'));

    expect([exitCode, out]).toEqual([1, expect.stringContaining('no trigger delivers some of what')]);
  });

  it('says of generated native triggers that they bring our own outputs', async () => {
    expect((await agree('trigger')).out).toContain('for its own output');
  });

  it('generate --check does not pretend to know what RAM holds', async () => {
    const { exitCode, out } = await generate(
      [rule({ key: 'a/*' }, { key: 'b/{base}' })],
      'policy',
      '--check',
    );

    expect([exitCode, out]).toEqual([0, expect.stringContaining('cannot tell: ')]);
  });
});
