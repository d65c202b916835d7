import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { trigger, uploads, uploadsTrigger, useProject } from './check-fixture.ts';
import { prepare } from './doctor-fixture.ts';
import { runCommand } from './terminal.ts';

const { pathOf, checkResources } = useProject();

/** A variable as templates write it. */
const variable = (expression: string) => `\${${expression}}`;
const missing = variable("json(file('none.json'))");

const bridge = (eventRuleFilterPattern: string) => ({
  triggerName: 'e',
  triggerType: 'eventbridge',
  triggerConfig: { eventRuleFilterPattern },
});

const files = {
  'triggers.json': [trigger()],
  'trigger.yaml': trigger(),
  'vars.json': { triggers: [trigger()] },
  'pattern.json': {
    source: ['acs.oss'],
    subject: [{ prefix: 'acs:oss:cn-hangzhou:1:photos/uploads/' }],
  },
  'narrow.json': [uploadsTrigger('a', 'uploads/a')],
  'settings.json': { CONCURRENCY: 100 },
};

const propsOf = (triggers: unknown, more: object = {}) => ({
  ...{ region: 'cn-hangzhou', role: 'acs:ram::1:role/f', code: './a', triggers },
  ...more,
});

async function writeTemplate(props: unknown, vars: unknown = {}) {
  const resources = { f: { component: 'fc3', props } };
  await writeFile(pathOf('s.yaml'), stringify({ vars, resources }, { lineWidth: 0 }));
}

/** Checks the rules beside a function with these props, and files that they may name. */
async function checkProps(props: unknown, vars: unknown = {}) {
  for (const [name, content] of Object.entries(files)) {
    await writeFile(pathOf(name), JSON.stringify(content));
  }
  await writeFile(pathOf('broken.json'), '[');
  await writeTemplate(props, vars);
  const { diagnostics, codes, exitCode } = await checkResources([uploads]);
  return { codes, exitCode, unknown: diagnostics.filter(({ code }) => code === 'unknown-part') };
}

describe('check, beside an s.yaml that has parts in other files', () => {
  it.each<[string, unknown, unknown, string[]]>([
    ['triggers in JSON', propsOf(variable("json(file('./triggers.json'))")), {}, []],
    ['one trigger in YAML', propsOf([variable('yaml( file("trigger.yaml") )')]), {}, []],
    ['variables', propsOf(variable('vars.triggers')), variable("json(file('vars.json'))"), []],
    ['the text of a pattern', propsOf([bridge(variable('file(./pattern.json)'))]), {}, []],
    ['too narrow triggers', propsOf(variable("json(file('narrow.json'))")), {}, ['warning partly-reached']],
    [
      'settings that are wrong',
      propsOf([trigger()], { environmentVariables: variable("json(file('settings.json'))") }),
      {},
      ['error setting'],
    ],
  ])('reads %s from their file, as Serverless Devs does', async (_, props, vars, expected) => {
    const { codes, unknown } = await checkProps(props, vars);

    expect([codes, unknown]).toEqual([expected, []]);
  });

  it.each<[string, unknown]>([
    ['triggers', propsOf(missing)],
    ['triggers in a file that is broken', propsOf(variable("json(file('broken.json'))"))],
    ['triggers of a variable', propsOf(variable('vars.none'))],
    ['triggers of another resource', propsOf(variable('resources.g.output.triggers'))],
    ['one trigger', propsOf([missing])],
    ['the type of a trigger', propsOf([trigger({ triggerType: variable('vars.none') })])],
    ['the bucket of a trigger', propsOf([trigger({ sourceArn: variable('vars.none') })])],
    ['the configuration of a trigger', propsOf([trigger({ triggerConfig: missing })])],
    ['the events of a trigger', propsOf([trigger({}, { events: missing })])],
    [
      'an event of a trigger',
      propsOf([trigger({}, { events: ['oss:ObjectCreated:PutObject', variable('vars.none')] })]),
    ],
    ['the filter of a trigger', propsOf([trigger({}, { filter: missing })])],
    ['the pattern of a trigger', propsOf([bridge(variable("file('none.json')"))])],
    ['settings', propsOf([trigger()], { environmentVariables: missing })],
    ['destinations', propsOf([trigger()], { asyncInvokeConfig: missing })],
    ['all props', missing],
  ])('takes %s that cannot be looked up for unknown, and not for absent', async (_, props) => {
    const { codes, unknown, exitCode } = await checkProps(props);

    expect([exitCode, codes]).toEqual([0, []]);
    expect(unknown).toMatchObject([
      { severity: 'note', message: expect.stringMatching(/^`\$\{.*\}` cannot be looked up here/) },
    ]);
  });

  it('shows where the part that cannot be looked up is named', async () => {
    const { unknown } = await checkProps(propsOf([trigger(), missing]));

    expect(unknown[0]?.place?.sourceLine).toBe(`        - ${missing}`);
  });

  const prefix = `uploads/${'a'.repeat(80)}/*`;
  it.each([
    ['a file', '      triggers: ', variable("json(file('wild.json'))"), (named: string) => named],
    [
      'a variable',
      '                prefix: ',
      variable('vars.prefix'),
      (named: string) => [trigger({}, { filter: { key: { prefix: named, suffix: '' } } })],
    ],
  ])('places what is wrong in %s where the template names it', async (_, before, named, triggersOf) => {
    const wild = [trigger({}, { filter: { key: { prefix, suffix: '' } } })];
    await writeFile(pathOf('wild.json'), JSON.stringify(wild));
    await writeTemplate(propsOf(triggersOf(named)), { prefix });

    const { diagnostics } = await checkResources([uploads]);

    const place = diagnostics.find(({ code }) => code === 'trigger-wildcard')?.place;
    expect(place).toMatchObject({ sourceLine: before + named, column: before.length + 1 });
  });

  it('does not say that no function is ours where its folder cannot be looked up', async () => {
    const props = propsOf([trigger()], { code: variable('vars.none') });

    const { codes, diagnostics } = await checkResources([uploads], { f: { props }, g: { props } });

    expect([codes, diagnostics.map(({ code }) => code)]).toEqual([[], ['unknown-part']]);
  });

  it('generate --check names what it cannot compare', async () => {
    await checkProps(propsOf(missing));
    const rules = pathOf('rules.yaml');

    const { exitCode, out } = await runCommand(['generate', 'trigger', '--check', '--rules', rules]);

    expect(exitCode).toBe(0);
    expect(out).toContain(`${missing}\` cannot be looked up here`);
    expect(out).toContain('as far as they can be looked up');
  });

  it('the doctor cannot tell of triggers that it cannot look up', async () => {
    const { examine } = await prepare();
    await writeTemplate(propsOf(missing, { functionName: 'oss-saveas' }));

    const { findings, of } = await examine(['--template', pathOf('s.yaml')]);

    expect(of('triggers cover rules')).toMatchObject({
      state: 'cannot tell',
      found: expect.stringContaining(missing),
    });
    expect(findings.filter(({ check }) => check.startsWith('trigger '))).toEqual([]);
  });
});
