import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Diagnostic } from '../../src/check/diagnostic.ts';
import { runCommand } from './terminal.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'check-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const rule = (match: object, target: object, style = 'image/resize,w_100', name = 'thumbnail') => ({
  name,
  match,
  outputs: [{ style, target }],
});

const uploads = rule({ key: 'uploads/**/*.jpg' }, { key: 'derived/{key}.webp' });

const creationEvents = ['PutObject', 'PostObject', 'CompleteMultipartUpload', 'CopyObject'].map(
  (name) => `oss:ObjectCreated:${name}`,
);

/** A native trigger as it should be, changed. */
/** A rule whose outputs are deleted with their source, and the events that its trigger needs. */
const removing = { ...uploads, onRemove: 'delete' };
const withRemovals = [...creationEvents, 'oss:ObjectRemoved:DeleteObject', 'oss:ObjectRemoved:DeleteObjects'];

const trigger = (change: object = {}, config: object = {}) => ({
  triggerName: 'uploads',
  triggerType: 'oss',
  sourceArn: 'acs:oss:cn-hangzhou:1:photos',
  invocationRole: 'acs:ram::1:role/aliyunosseventnotificationrole',
  triggerConfig: {
    events: creationEvents,
    filter: { key: { prefix: 'uploads/', suffix: '.jpg' } },
    ...config,
  },
  ...change,
});

async function check(rules: object[], triggers?: object[], ...args: string[]) {
  const props = { region: 'cn-hangzhou', role: 'acs:ram::1:role/f', triggers };
  return checkResources(rules, triggers && { f: { component: 'fc3', props } }, ...args);
}

async function checkResources(rules: object[], resources?: object, ...args: string[]) {
  const file = join(dir, 'rules.yaml');
  await writeFile(file, stringify({ rules }));
  if (resources !== undefined) {
    await writeFile(join(dir, 's.yaml'), stringify({ resources }));
  }
  const text = await runCommand(['check', '--rules', file, ...args]);
  const { out } = await runCommand(['check', '--rules', file, '--json']);
  const { diagnostics }: { diagnostics: Diagnostic[] } = JSON.parse(out);
  return {
    ...text,
    diagnostics,
    codes: diagnostics
      .filter(({ severity }) => severity !== 'note')
      .map(({ severity, code }) => `${severity} ${code}`),
  };
}

describe('check', () => {
  it('finds nothing wrong with the rules and the deployment that are shipped', async () => {
    const { exitCode, out } = await runCommand(['check', '--strict']);

    expect([exitCode, out.trim().split('\n').at(-1)]).toEqual([
      0,
      expect.stringContaining('0 errors, 0 warnings'),
    ]);
    expect(out).toContain('compared with s.yaml');
  });

  it('quotes the line of a loop, underlines the key, and shows the keys it goes through', async () => {
    const file = join(dir, 'rules.yaml');
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

  it('places an issue of a style in the template, whatever the variables hold', async () => {
    const file = join(dir, 'rules.yaml');
    await writeFile(
      file,
      'rules:\n  - name: r\n    match: { key: "a/*" }\n    outputs:\n      - style: image/resize,w_{w}/format,wepb\n        vary: { w: [1, 20000] }\n        target: { key: "b/{w}/{base}" }\n',
    );

    const { out } = await runCommand(['check', '--rules', file]);

    expect(out).toMatch(/error \S+:5:31 .*received "20000"/);
    expect(out).toMatch(/rules.yaml:5:42 .*wepb/);
  });

  it('says every issue of rules that cannot be read', async () => {
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

  it('tells no note of the rules that are shipped', async () => {
    const { diagnostics } = JSON.parse((await runCommand(['check', '--json'])).out);

    expect(diagnostics).toEqual([]);
  });

  it('check is silent about a warning whose line accepts it, and never about an error', async () => {
    const file = join(dir, 'rules.yaml');
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

  it('refuses rules that are not UTF-8', async () => {
    const file = join(dir, 'rules.yaml');
    await writeFile(file, Buffer.from([0x23, 0x20, 0xb0, 0xe6, 0xc8, 0xa8]));

    const { exitCode, err } = await runCommand(['check', '--rules', file]);

    expect([exitCode, err]).toEqual([1, expect.stringContaining('rules.yaml:1:3 is not UTF-8')]);
  });

  it('tells which rule takes results of another, which is no loop', async () => {
    const { exitCode, out } = await check([
      rule({ key: 'video/*.mp4' }, { key: 'covers/{name}.jpg' }, 'video/snapshot,t_1000,f_jpg', 'cover'),
      rule({ key: 'covers/*.jpg' }, { key: 'small/{base}' }),
    ]);

    expect(exitCode).toBe(0);
    expect(out).toContain('`thumbnail` takes results of `cover`\n');
  });

  it('warns of a target bucket whose uploads the rule would take as well', async () => {
    const { codes, diagnostics } = await check([
      rule({ key: 'uploads/**' }, { bucket: 'my-marked', key: '{key}' }),
    ]);

    expect(codes).toEqual(['warning own-source']);
    expect(diagnostics.find(({ code }) => code === 'own-source')?.hint).toContain('match.bucket');
  });

  it.each<[string, object[], object[], string[]]>([
    ['nothing where all agrees', [uploads], [trigger()], []],
    [
      'the wildcard trigger',
      [uploads],
      [trigger({}, { events: ['oss:ObjectCreated:*'] })],
      ['error trigger-wildcard'],
    ],
    [
      'ways to upload that are missed',
      [uploads],
      [trigger({}, { events: ['oss:ObjectCreated:PutObject'] })],
      ['warning trigger-events'],
    ],
    ['no events at all', [uploads], [trigger({}, { events: [] })], ['error trigger-events']],
    ['an ARN that is none', [uploads], [trigger({ sourceArn: 'photos' })], ['error trigger-arn']],
    ['no invocation role', [uploads], [trigger({ invocationRole: undefined })], ['warning invocation-role']],
    [
      'a filter without a suffix',
      [uploads],
      [trigger({}, { filter: { key: { prefix: 'uploads/' } } })],
      ['error trigger-filter'],
    ],
    [
      'a bucket of another region',
      [uploads],
      [trigger({ sourceArn: 'acs:oss:cn-shanghai:1:photos' })],
      ['error trigger-region'],
    ],
    [
      'a rule that no trigger reaches',
      [uploads],
      [trigger({}, { filter: { key: { prefix: 'upload/', suffix: '' } } })],
      ['error unreached'],
    ],
    [
      'a rule of a bucket without a trigger',
      [rule({ key: 'uploads/**/*.jpg', bucket: 'other' }, { key: 'd/{base}' })],
      [trigger()],
      ['error unreached'],
    ],
    [
      'a rule that is reached in part',
      [uploads],
      [trigger({}, { filter: { key: { prefix: 'uploads/a', suffix: '.jpg' } } })],
      ['warning partly-reached'],
    ],
    ['nothing where deletions are delivered', [removing], [trigger({}, { events: withRemovals })], []],
    ['deletions that no trigger delivers', [removing], [trigger()], ['error unreached-removal']],
    [
      'one of the two kinds of deletions that no trigger delivers',
      [removing],
      [trigger({}, { events: withRemovals.slice(0, -1) })],
      ['error unreached-removal'],
    ],
    [
      'deletions that are delivered in part',
      [removing],
      [
        trigger({}, { filter: { key: { prefix: 'uploads/', suffix: '.jpg' } } }),
        trigger(
          { triggerName: 'removals' },
          { events: withRemovals.slice(-2), filter: { key: { prefix: 'uploads/a', suffix: '.jpg' } } },
        ),
      ],
      ['warning partly-reached-removal'],
    ],
    [
      'deletions that an EventBridge pattern leaves out',
      [removing],
      [
        {
          triggerName: 'e',
          triggerType: 'eventbridge',
          triggerConfig: { eventRuleFilterPattern: JSON.stringify({ type: creationEvents }) },
        },
      ],
      ['error unreached-removal', 'warning own-outputs'],
    ],
    [
      'a trigger that lets our own outputs in',
      [uploads],
      [trigger({}, { filter: { key: { prefix: '', suffix: '' } } })],
      ['warning own-outputs'],
    ],
    [
      'triggers that overlap',
      [uploads],
      [trigger(), trigger({ triggerName: 'b' }, { filter: { key: { prefix: 'uploads/b', suffix: '' } } })],
      ['error trigger-overlap'],
    ],
    [
      'triggers of which only prefixes overlap',
      [uploads],
      [trigger(), trigger({ triggerName: 'b' }, { filter: { key: { prefix: 'uploads/', suffix: '.png' } } })],
      [],
    ],
    [
      'an EventBridge pattern that is none',
      [uploads],
      [{ triggerName: 'e', triggerType: 'eventbridge', triggerConfig: { eventRuleFilterPattern: '{' } }],
      ['error trigger-pattern'],
    ],
  ])('reports of s.yaml: %s', async (_, rules, triggers, expected) => {
    const { codes } = await check(rules, triggers);

    expect(codes).toEqual(expected);
  });

  it('warns of a function without a role, which may not even read OSS', async () => {
    const props = { region: 'cn-hangzhou', triggers: [trigger()] };

    const { codes } = await checkResources([uploads], { f: { component: 'fc3', props } });

    expect(codes).toEqual(['warning role-missing']);
  });

  const uploadsTrigger = (name: string, prefix: string, suffix = '') =>
    trigger({ triggerName: name }, { filter: { key: { prefix, suffix } } });
  const withOther = (other: object, ...ours: object[]) => ({
    video: { props: { code: './video', functionName: 'video', role: 'r', triggers: [other] } },
    pictures: { props: { code: './dist', functionName: 'pictures', role: 'r', triggers: ours } },
  });

  it('compares the rules with our function alone, wherever it stands among others', async () => {
    const other = uploadsTrigger('video', 'videos/', '.mp4');
    const { video, pictures } = withOther(other, uploadsTrigger('up', 'uploads/'));

    expect((await checkResources([uploads], { video, pictures })).codes).toEqual([]);
    expect((await checkResources([uploads], { pictures, video })).codes).toEqual([]);
  });

  it('takes no trigger of another function for ours', async () => {
    const resources = withOther(uploadsTrigger('video', 'uploads/'), uploadsTrigger('up', 'pictures/'));

    expect((await checkResources([uploads], resources)).codes).toEqual(['error unreached']);
  });

  it('refuses triggers of two functions that overlap on one bucket', async () => {
    const resources = withOther(
      uploadsTrigger('video', 'uploads/', '.mp4'),
      uploadsTrigger('up', 'uploads/'),
    );

    const { codes, out } = await checkResources([uploads], resources);

    expect(codes).toEqual(['error trigger-overlap']);
    expect(out).toMatch(/error \S+s\.yaml:\d+:\d+ overlaps with video of video/);
  });

  it('check asks which function is ours where it cannot be told', async () => {
    const props = { functionName: 'a', code: './a', triggers: [] };

    expect((await checkResources([uploads], { a: { props }, b: { props } })).codes).toEqual([
      'warning no-function',
    ]);
  });

  it('takes no resource of another component for a function', async () => {
    const domain = { component: 'fc3-domain', props: { region: 'cn-hangzhou', domainName: 'auto' } };
    const props = { region: 'cn-hangzhou', role: 'acs:ram::1:role/f', code: './a', triggers: [trigger()] };

    expect((await checkResources([uploads], { domain, f: { component: 'fc3', props } })).codes).toEqual([]);
  });

  it('reads what merge keys of a template bring into a function', async () => {
    await writeFile(
      join(dir, 's.yaml'),
      `base: &base { role: "acs:ram::1:role/f", triggers: ${JSON.stringify([trigger()])} }
resources: { f: { component: fc3, props: { <<: *base, region: cn-hangzhou } } }`,
    );

    expect((await checkResources([uploads])).codes).toEqual([]);
  });

  it.each([
    ['template', 's.yaml'],
    ['template that another one extends', 'base.yaml'],
  ])('tells the faults of a %s alone, and nothing of what could not be read', async (_, broken) => {
    await writeFile(join(dir, 's.yaml'), 'extend: ./base.yaml\n');
    await writeFile(join(dir, broken), 'resources:\n\tf: {}\n');

    const { codes, diagnostics } = await checkResources([uploads]);

    expect(codes).toEqual(['error schema']);
    expect(diagnostics[0]?.place).toMatchObject({ file: expect.stringContaining(broken), line: 2 });
  });

  it('shows what a terminal would obey, and does not send it there', async () => {
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
  ])('warns that %s is no glob', async (key, named) => {
    const { codes, out } = await check([rule({ key }, { key: 'derived/{key}' })]);

    expect(codes).toContain('warning foreign-glob');
    expect(out).toContain(`${named} stands for itself in a glob`);
  });

  it.each([
    [{ key: 'uploads/' }],
    [{ key: 'uploads/**/*.jpg', exclude: 'uploads/**' }],
    [{ key: ['a/*', 'b/*'], exclude: ['**'] }],
  ])('warns of a rule that can take nothing: %j', async (match) => {
    expect((await check([rule(match, { key: 'derived/{key}' })])).codes).toEqual(['warning takes-nothing']);
  });

  it.each([
    ['image/resize,w_1/format,webp', 'derived/{name}.jpg', ['warning foreign-extension']],
    ['image/resize,w_1/format,jpg', 'derived/{name}.JPEG', []],
    ['image/resize,w_1/format,webp', 'derived/{base}', []],
    ['image/resize,w_1', 'derived/{name}.webp', []],
  ])('compares the format of %s with the extension of %s', async (style, key, codes) => {
    expect((await check([rule({ key: 'uploads/*' }, { key }, style)])).codes).toEqual(codes);
  });

  it('says where the values of a variable belong', async () => {
    const { out } = await check([rule({ key: 'uploads/*' }, { key: 'derived/{w}/{base}' })]);

    expect(out).toContain('received "{w}" (a variable of your own needs its values in vary)');
  });

  it.each([
    ['prefix', 'uploads/*', '`*`'],
    ['prefix', 'uploads/?/', '`?`'],
    ['prefix', '^uploads/', '`^`'],
    ['suffix', '.{jpg,png}', '`{jpg,png}`'],
    ['suffix', '*.jpg', '`*`'],
    ['suffix', '.jpg$', '`$`'],
  ])('says that a %s of %s is taken as it stands', async (part, text, named) => {
    const key = { prefix: 'uploads/', suffix: '', [part]: text };

    const { codes, out } = await check([uploads], [trigger({}, { filter: { key } })]);

    expect(codes).toContain('error trigger-wildcard');
    expect(out).toContain(`${named} in a ${part} is a letter and no wildcard`);
  });

  it('counts all triggers together before it says that a key is not delivered', async () => {
    const triggers = [uploadsTrigger('a', 'uploads/a'), uploadsTrigger('b', 'uploads/b')];

    const both = await check([rule({ key: 'uploads/[ab]*.jpg' }, { key: 'd/{base}' })], triggers);
    const more = await check([rule({ key: 'uploads/[abc]*.jpg' }, { key: 'd/{base}' })], triggers);

    expect(both.codes).toEqual([]);
    expect(more.codes).toEqual(['warning partly-reached']);
    expect(more.out).toContain('such as `uploads/c.jpg`');
  });

  it('reads what an EventBridge pattern lets through', async () => {
    const pattern = (prefix: string, barred: string) =>
      JSON.stringify({
        source: ['acs.oss'],
        subject: [{ prefix: `acs:oss:cn-hangzhou:1:photos/${prefix}` }],
        data: { oss: { object: { key: [{ 'anything-but': { prefix: barred } }] } } },
      });
    const codesOf = async (eventRuleFilterPattern: string) =>
      (
        await check(
          [rule({ key: '**/*.jpg', bucket: 'photos', exclude: 'derived/**' }, { key: 'derived/{key}' })],
          [{ triggerType: 'eventbridge', triggerConfig: { eventRuleFilterPattern } }],
        )
      ).codes;

    expect(await codesOf(pattern('', 'derived/'))).toEqual([]);
    expect(await codesOf(pattern('', 'other/'))).toEqual(['warning partly-reached', 'warning own-outputs']);
    expect(await codesOf(pattern('derived/', 'x/'))).toEqual(['error unreached', 'warning own-outputs']);
  });

  it('takes no trigger for the ends of tasks for one of uploads', async () => {
    const imm = {
      triggerType: 'eventbridge',
      triggerConfig: {
        eventRuleFilterPattern: '{ "source": ["acs.imm"], "type": ["imm:Task:MediaConvert"] }',
      },
    };

    expect((await check([uploads], [imm])).codes).toEqual(['error unreached']);
  });

  it('check fails the build with what it found', async () => {
    const file = join(dir, 'rules.yaml');
    await writeFile(file, stringify({ rules: [rule({ key: '**' }, { key: '{dir}/{name}_t.jpg' })] }));

    const { exitCode, err } = await runCommand(['build', '--rules', file, '--out', join(dir, 'dist')]);

    expect([exitCode, err]).toEqual([1, expect.stringContaining('makes a loop')]);
    await expect(readFile(join(dir, 'dist', 'rules.json'))).rejects.toThrow('ENOENT');
  });
});
