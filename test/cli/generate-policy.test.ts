import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { rule, useFolder } from './generate-fixture.ts';

const { generate, pathOf } = useFolder();

interface Statement {
  Action: string[];
  Resource: string[];
}

async function policyOf(...rules: object[]): Promise<[string, string[]][]> {
  const { out } = await generate(rules, 'policy', '--bucket', 'photos');
  const { Statement }: { Statement: Statement[] } = JSON.parse(out);
  return Statement.map(({ Action, Resource }) => [Action.join(), Resource]);
}

describe('the generated policy', () => {
  it('the generated policy allows processing of sources and saving of targets, and nothing more', async () => {
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

  it('the generated policy names each resource once, whatever number of rules need it', async () => {
    const policy = await policyOf(
      rule({ key: 'uploads/*.jpg' }, { key: 'derived/{key}' }),
      rule({ key: 'uploads/*.png' }, { key: 'derived/{key}' }),
    );

    expect(policy.map(([, resources]) => resources.length)).toEqual([1, 1]);
  });

  it('the generated policy is for no bucket whose name a variable leaves open', async () => {
    const data = { oss: { bucket: { name: [`\${env('NONE')}`] } } };
    const triggerConfig = { eventRuleFilterPattern: JSON.stringify({ source: ['acs.oss'], data }) };
    const triggers = [{ triggerName: 'a', triggerType: 'eventbridge', triggerConfig }];
    const resources = { f: { component: 'fc3', props: { functionName: 'f', role: 'r', triggers } } };
    await writeFile(pathOf('s.yaml'), stringify({ resources }));

    const { exitCode, err } = await generate([rule({ key: 'a/*' }, { key: 'b/{key}' })], 'policy');

    expect([exitCode, err]).toEqual([2, expect.stringContaining('a rule names no bucket: set OSS_BUCKET')]);
  });

  it('the generated policy allows processing in each folder that a glob names', async () => {
    const starts = async (key: string) => (await policyOf(rule({ key }, { key: 'd/{base}' })))[0]?.[1];

    expect(await starts('{uploads,photos}/**/*.{jpg,png}')).toEqual([
      'acs:oss:*:*:photos/photos/*',
      'acs:oss:*:*:photos/uploads/*',
    ]);
    expect(await starts('up/[a-p]*')).toEqual(['acs:oss:*:*:photos/up/*']);
    expect(await starts('up/img-*')).toEqual(['acs:oss:*:*:photos/up/img-*']);
  });

  it('the generated policy allows saving under each value of vary, and not in the whole bucket', async () => {
    const varied = rule({ key: 'up/**' }, { key: '{w}/{key}' }, { vary: { w: [320, 640] } });

    expect((await policyOf(varied))[1]).toEqual([
      'oss:PutObject',
      ['acs:oss:*:*:photos/320/up/*', 'acs:oss:*:*:photos/640/up/*'],
    ]);
  });

  it('the generated policy allows saving below the folder of a source, and not beside it', async () => {
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

  it('the generated policy lets each recording be read that a style joins to its source', async () => {
    const style = 'audio/concat,f_aac/pre,o_{b64:cut-1}/sur,o_{b64:cut-2}';
    const statements = await policyOf(rule({ key: 'in/*' }, { key: 'out/{base}' }, { style }));

    expect(Object.fromEntries(statements)['oss:GetObject']).toEqual([
      'acs:oss:*:*:photos/cut-1',
      'acs:oss:*:*:photos/cut-2',
      'acs:oss:*:*:photos/in/*',
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
  ])(
    'the generated policy allows %s what it needs of IMM, and to read its sources',
    async (style, permissions) => {
      const target = { key: 'out/{base}-{index}' };

      expect(await policyOf(rule({ key: 'in/*' }, target, { style }))).toEqual([
        ['oss:PostProcessTask', ['acs:oss:*:*:photos/in/*']],
        ['oss:PutObject', ['acs:oss:*:*:photos/out/*']],
        ['oss:GetObject', ['acs:oss:*:*:photos/in/*']],
        ['oss:ProcessImm', ['acs:oss:*:*:photos/in/*']],
        ...permissions.map((permission) => [permission, ['acs:imm:*:*:project/*']]),
      ]);
    },
  );

  it('the generated policy allows a snapshot of a video nothing of IMM', async () => {
    const snapshot = { style: 'video/snapshot,t_1000,f_jpg' };

    expect(await policyOf(rule({ key: 'in/*' }, { key: 'out/{base}.jpg' }, snapshot))).toHaveLength(2);
  });

  it.each(['policy', 'event'])(
    'a generated %s is refused for rules that take every bucket there is',
    async (name) => {
      const open = await generate([rule({ key: 'a/*' }, { key: 'b/{base}' })], name);
      const named = await generate([rule({ key: 'a/*', bucket: 'photos' }, { key: 'b/{base}' })], name);

      expect([open.exitCode, open.err]).toEqual([
        2,
        expect.stringContaining(`--bucket to that of the ${name}.`),
      ]);
      expect([named.exitCode, named.out]).toEqual([0, expect.stringContaining('photos')]);
    },
  );
});

it('what is generated lets each role be taken on by its service, and that of the trigger call our function alone', async () => {
  const rules = [rule({ key: 'in/*' }, { key: 'out/{base}' })];
  const statementOf = async (name: string, ...args: string[]): Promise<unknown> => {
    const { out } = await generate(rules, name, ...args);
    return JSON.parse(out).Statement;
  };
  const trust = (service: string) => [
    { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: [service] } },
  ];

  expect(await statementOf('trust')).toEqual(trust('fc.aliyuncs.com'));
  expect(await statementOf('trigger-trust')).toEqual(trust('oss.aliyuncs.com'));
  expect(await statementOf('trigger-policy', '--account', '123', '--function', 'mine')).toEqual([
    {
      Effect: 'Allow',
      Action: ['fc:InvokeFunction'],
      Resource: ['acs:fc:*:123:functions/mine', 'acs:fc:*:123:functions/mine/*'],
    },
  ]);
});
