import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { trigger, uploads, uploadsTrigger, useProject, withOther } from './check-fixture.ts';

const { pathOf, checkResources } = useProject();

describe('check, beside the functions of s.yaml', () => {
  it('warns of a function without a role, which may not even read OSS', async () => {
    const props = { region: 'cn-hangzhou', triggers: [trigger()] };

    const { codes } = await checkResources([uploads], { f: { component: 'fc3', props } });

    expect(codes).toEqual(['warning role-missing']);
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
      pathOf('s.yaml'),
      `base: &base { role: "acs:ram::1:role/f", triggers: ${JSON.stringify([trigger()])} }
resources: { f: { component: fc3, props: { <<: *base, region: cn-hangzhou } } }`,
    );

    expect((await checkResources([uploads])).codes).toEqual([]);
  });

  it.each([
    ['template', 's.yaml'],
    ['template that another one extends', 'base.yaml'],
  ])('tells the faults of a %s alone, and nothing of what could not be read', async (_, broken) => {
    await writeFile(pathOf('s.yaml'), 'extend: ./base.yaml\n');
    await writeFile(pathOf(broken), 'resources:\n\tf: {}\n');

    const { codes, diagnostics } = await checkResources([uploads]);

    expect(codes).toEqual(['error schema']);
    expect(diagnostics[0]?.place).toMatchObject({ file: expect.stringContaining(broken), line: 2 });
  });
});
