import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { trigger, uploads, uploadsTrigger, useProject, withOther } from './check-fixture.ts';
import { runCommand } from './terminal.ts';

const { pathOf, checkResources } = useProject();

const destination = (destinationConfig: object) => ({ destinationConfig });

describe('check, beside the functions of s.yaml', () => {
  it('check warns of a function without a role, which may not even read OSS', async () => {
    const props = { region: 'cn-hangzhou', triggers: [trigger()] };

    const { codes } = await checkResources([uploads], { f: { component: 'fc3', props } });

    expect(codes).toEqual(['warning role-missing']);
  });

  it.each<[string, object, string[]]>([
    ['nothing of a runtime that has Node.js 20', { runtime: 'nodejs20' }, []],
    ['nothing of a custom runtime', { runtime: 'custom.debian12' }, []],
    ['nothing of a runtime that a variable names', { runtime: `\${vars.none}` }, []],
    ['a runtime that the function does not run on', { runtime: 'nodejs18' }, ['error runtime']],
    ['a handler that the build does not make', { handler: 'main.handler' }, ['warning handler']],
    [
      'settings that no invocation would pass',
      { environmentVariables: { CONCURRENCY: 100 } },
      ['error setting'],
    ],
    ['a region that is none', { environmentVariables: { OSS_REGION: 'oss-cn-hangzhou' } }, ['error setting']],
    [
      'nothing of settings that are right, or not known yet',
      { environmentVariables: { CONCURRENCY: 2, OSS_CNAME: false, OSS_REGION: `\${vars.none}` } },
      [],
    ],
    [
      'nothing of a domain that a variable leaves open',
      { environmentVariables: { OSS_CNAME: true, OSS_ENDPOINT: `\${vars.none}` } },
      [],
    ],
    [
      'failures that go back to the function',
      { asyncInvokeConfig: destination({ onFailure: { destination: 'acs:fc:cn-hangzhou:1:functions/f' } }) },
      ['error destination-loop'],
    ],
    [
      'successes that go back to the function',
      { asyncInvokeConfig: destination({ onSuccess: { destination: 'acs:fc:::functions/f/LATEST' } }) },
      ['error destination-loop'],
    ],
    [
      'nothing of failures that go to a queue',
      {
        asyncInvokeConfig: destination({
          onFailure: { destination: 'acs:mns:cn-hangzhou:1:/queues/f/messages' },
        }),
      },
      [],
    ],
  ])('check tells of our function %s', async (_, change, expected) => {
    const props = { region: 'cn-hangzhou', role: 'acs:ram::1:role/f', triggers: [trigger()], ...change };

    const { codes } = await checkResources([uploads], { f: { component: 'fc3', props } });

    expect(codes).toEqual(expected);
  });

  it('check reads a template that is named s.yml, as Serverless Devs does where there is no s.yaml', async () => {
    const props = { region: 'cn-hangzhou', role: 'acs:ram::1:role/f', triggers: [] };
    await writeFile(pathOf('s.yml'), stringify({ resources: { f: { component: 'fc3', props } } }));

    expect((await checkResources([uploads])).codes).toEqual(['error unreached']);
  });

  it('check compares the rules with our function alone, wherever it stands among others', async () => {
    const other = uploadsTrigger('video', 'videos/', '.mp4');
    const { video, pictures } = withOther(other, uploadsTrigger('up', 'uploads/'));

    expect((await checkResources([uploads], { video, pictures })).codes).toEqual([]);
    expect((await checkResources([uploads], { pictures, video })).codes).toEqual([]);
  });

  it('check takes no trigger of another function for ours', async () => {
    const resources = withOther(uploadsTrigger('video', 'uploads/'), uploadsTrigger('up', 'pictures/'));

    expect((await checkResources([uploads], resources)).codes).toEqual(['error unreached']);
  });

  it('check asks which function is ours where it cannot be told', async () => {
    const props = { functionName: 'a', code: './a', triggers: [] };

    expect((await checkResources([uploads], { a: { props }, b: { props } })).codes).toEqual([
      'warning no-function',
    ]);
  });

  it('check takes no resource of another component for a function', async () => {
    const domain = { component: 'fc3-domain', props: { region: 'cn-hangzhou', domainName: 'auto' } };
    const props = { region: 'cn-hangzhou', role: 'acs:ram::1:role/f', code: './a', triggers: [trigger()] };

    expect((await checkResources([uploads], { domain, f: { component: 'fc3', props } })).codes).toEqual([]);
  });

  it.each([
    ['resources', 'fc'],
    ['resources', 'devsapp/fc'],
    ['resources', 'fc@0.1.68'],
    ['services', 'fc'],
    ['resources', 'fc3-domain'],
  ])(
    'check says that a template with nothing but %s of %s deploys no function',
    async (section, component) => {
      const triggers = [{ name: 'up', type: 'oss', config: { bucketName: 'photos' } }];
      const template = { [section]: { f: { component, props: { triggers } } } };
      await writeFile(pathOf('s.yaml'), stringify(template));

      const { exitCode, out, codes } = await checkResources([uploads]);

      expect([exitCode, codes]).toEqual([1, ['error no-function']]);
      expect(out).toMatch(/^error \S+s\.yaml:\d+:\d+ deploys no function with the component fc3\n/);
    },
  );

  it('a function of version 2 beside ours is no concern of the check', async () => {
    const props = { region: 'cn-hangzhou', role: 'r', code: './a', triggers: [trigger()] };
    const resources = { old: { component: 'fc', props: {} }, f: { component: 'fc3', props } };

    expect((await checkResources([uploads], resources)).codes).toEqual([]);
  });

  it.each([
    ['oss-cn-hangzhou', 'cn-hangzhou'],
    ['cn-hangzhou-internal', 'cn-hangzhou'],
    ['CN-Shanghai', 'cn-shanghai'],
    ['cn-hangzhou ', 'cn-hangzhou'],
    ['hangzhou', 'cn-hangzhou'],
    ['', 'cn-hangzhou'],
  ])('s.yaml with the region %j is an error that names %s', async (region, plain) => {
    const sourceArn = `acs:oss:${region}:1:photos`;
    const props = { region, role: 'r', code: './a', triggers: [trigger({ sourceArn })] };

    const { codes, out } = await checkResources([uploads], { f: { component: 'fc3', props } });

    expect(codes).toContain('error region');
    expect(out).toContain(`region "${region}": expected a plain region id such as ${plain}`);
  });

  it('check reads what merge keys of a template bring into a function', async () => {
    await writeFile(
      pathOf('s.yaml'),
      `base: &base { role: "acs:ram::1:role/f", triggers: ${JSON.stringify([trigger()])} }
resources: { f: { component: fc3, props: { <<: *base, region: cn-hangzhou } } }`,
    );

    expect((await checkResources([uploads])).codes).toEqual([]);
  });

  it.each([
    ['template', 's.yaml'],
    ['template that another one extends', 'base.yaml'],
  ])('check tells the faults of a %s alone, and nothing of what could not be read', async (_, broken) => {
    await writeFile(pathOf('s.yaml'), 'extend: ./base.yaml\n');
    await writeFile(pathOf(broken), 'resources:\n\tf: {}\n');

    const { codes, diagnostics } = await checkResources([uploads]);

    expect(codes).toEqual(['error schema']);
    expect(diagnostics[0]?.place).toMatchObject({ file: expect.stringContaining(broken), line: 2 });
  });

  it('check refuses templates that extend each other', async () => {
    await writeFile(pathOf('s.yaml'), 'extend: ./base.yaml\n');
    await writeFile(pathOf('base.yaml'), 'extend: ./s.yaml\n');

    await writeFile(pathOf('rules.yaml'), stringify({ rules: [uploads] }));

    const { exitCode, err } = await runCommand(['check', '--rules', pathOf('rules.yaml')]);

    expect([exitCode, err]).toEqual([2, `oss-saveas check: ${pathOf('s.yaml')} extends itself.\n`]);
  });
});
