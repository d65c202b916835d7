import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { rule, useFolder } from './generate-fixture.ts';

const { pathOf, generate } = useFolder();

const fromAToB = [rule({ key: 'a/*' }, { key: 'b/{base}' })];

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
      pathOf('s.yaml'),
      stringify({ vars: { region: 'cn-hangzhou', bucket: 'photos' }, resources: { f: { props } } }),
    );
    return generate(rules, what, '--check');
  };

  it('generate --check agrees with a pattern that was generated', async () => {
    expect(await agree('eventbridge')).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('agree with'),
    });
  });

  it('generate --check says what no longer agrees', async () => {
    const { exitCode, out } = await agree('eventbridge', (text) => text.replace('.png', '.gif'));

    expect([exitCode, out]).toEqual([1, expect.stringContaining('no trigger delivers some of what')]);
  });

  it('generate --check passes no triggers where there is no template to read them in', async () => {
    const { exitCode, err } = await generate(fromAToB, 'trigger', '--check');

    expect([exitCode, err]).toEqual([2, expect.stringContaining('name it with --template')]);
  });

  it('generate --check says of generated native triggers that they bring our own outputs', async () => {
    expect((await agree('trigger')).out).toContain('for its own output');
  });

  it('a generated policy is for the buckets of all triggers, whatever OSS_BUCKET says', async () => {
    const pattern = JSON.stringify({
      source: ['acs.oss'],
      data: { oss: { bucket: { name: ['photos-c'] } } },
    });
    const triggers = [
      {
        triggerName: 'a',
        triggerType: 'oss',
        sourceArn: 'acs:oss:cn-hangzhou:1:photos-a',
        triggerConfig: {},
      },
      {
        triggerName: 'b',
        triggerType: 'oss',
        sourceArn: 'acs:oss:cn-hangzhou:1:photos-b',
        triggerConfig: {},
      },
      { triggerName: 'c', triggerType: 'eventbridge', triggerConfig: { eventRuleFilterPattern: pattern } },
    ];
    const props = { functionName: 'oss-saveas', region: 'cn-hangzhou', role: 'r', triggers };
    await writeFile(pathOf('s.yaml'), stringify({ resources: { f: { component: 'fc3', props } } }));

    const { out } = await generate(fromAToB, 'policy');

    expect(JSON.parse(out).Statement).toMatchObject([
      { Resource: ['a', 'b', 'c'].map((name) => `acs:oss:*:*:photos-${name}/a/*`) },
      { Resource: ['a', 'b', 'c'].map((name) => `acs:oss:*:*:photos-${name}/b/*`) },
    ]);
  });

  it('generate --check does not pretend to know what RAM holds', async () => {
    const { exitCode, out } = await generate(fromAToB, 'policy', '--check');

    expect([exitCode, out]).toEqual([1, expect.stringContaining('cannot tell: ')]);
  });
});
