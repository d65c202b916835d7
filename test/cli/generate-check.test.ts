import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { creationEvents } from '../../src/check/triggers.ts';
import { rule, useFolder } from './generate-fixture.ts';
import { runCommand } from './terminal.ts';

const { pathOf, generate } = useFolder();

const fromAToB = [rule({ key: 'a/*' }, { key: 'b/{base}' })];

/** Writes a template that deploys the function with these triggers. */
async function writeTemplate(triggers: object[], { file = 's.yaml', codeDir = '/none' } = {}) {
  const props = { region: 'cn-hangzhou', role: 'r', code: codeDir, triggers };
  const vars = { region: 'cn-hangzhou', bucket: 'photos' };
  const f = { component: 'fc3', props: { functionName: 'oss-saveas', ...props } };
  await writeFile(pathOf(file), stringify({ vars, resources: { f } }));
}

const nativeTrigger = (bucket: string, prefix: string) => ({
  triggerName: 't',
  triggerType: 'oss',
  invocationRole: 'acs:ram::1:role/r',
  sourceArn: `acs:oss:cn-hangzhou:1:${bucket}`,
  triggerConfig: { events: creationEvents, filter: { key: { prefix, suffix: '' } } },
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
    await writeTemplate(triggers);
    return generate(rules, what, '--check');
  };

  it('generate --check agrees with a pattern that was generated', async () => {
    expect(await agree('eventbridge')).toMatchObject({
      exitCode: 0,
      out: `The triggers of ${pathOf('s.yaml')} agree with ${pathOf('rules.yaml')}.\n`,
    });
  });

  it('generate --check tells nothing but what is about triggers', async () => {
    const wrongExtension = [rule({ key: 'a/*' }, { key: 'b/{base}.png' }, { style: 'image/format,jpg' })];
    await mkdir(pathOf('dist'));
    await writeFile(pathOf('dist/rules.json'), '{"format":1,"builtBy":"0.0.1"}');
    await writeTemplate([nativeTrigger('photos', 'a/')], { codeDir: './dist' });

    const { exitCode, out } = await generate(wrongExtension, 'trigger', '--check');
    const all = await runCommand(['check', '--rules', pathOf('rules.yaml')]);

    expect([exitCode, out]).toEqual([0, expect.stringMatching(/^The triggers of .*\n$/)]);
    expect(all.out).toContain('1 warning, 1 note');
  });

  it('generate --check compares with the template that is named, not with that beside the rules', async () => {
    await writeTemplate([nativeTrigger('photos', 'elsewhere/')]);
    await writeTemplate([nativeTrigger('photos', 'a/')], { file: 'other.yaml' });

    const beside = await generate(fromAToB, 'trigger', '--check');
    const named = await generate(fromAToB, 'trigger', '--check', '--template', pathOf('other.yaml'));

    expect([beside.exitCode, named.exitCode]).toEqual([1, 0]);
    expect(named.out).toContain(`The triggers of ${pathOf('other.yaml')} agree`);
  });

  it('generate --check says of wrong rules what is wrong, not that a template is missing', async () => {
    await writeTemplate([nativeTrigger('photos', 'a/')]);

    const { exitCode, err } = await generate([{ match: { kye: 'a/*' } }], 'trigger', '--check');

    expect(exitCode).toBe(1);
    expect(err).toContain('the rules are wrong');
    expect(err).toContain('received "kye"');
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
