import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { trigger, uploads, useProject } from './check-fixture.ts';
import { prepare } from './doctor-fixture.ts';
import { runCommand } from './terminal.ts';

const { pathOf, checkResources } = useProject();

/** A variable as templates write it. */
const variable = (expression: string) => `\${${expression}}`;
const elsewhere = variable("json(file('parts.json'))");

const bridge = (eventRuleFilterPattern: string) => ({
  triggerName: 'e',
  triggerType: 'eventbridge',
  triggerConfig: { eventRuleFilterPattern },
});

const propsOf = (triggers: unknown, more: object = {}) => ({
  ...{ region: 'cn-hangzhou', role: 'acs:ram::1:role/f', code: './a', triggers },
  ...more,
});

async function writeTemplate(props: unknown, vars: unknown = {}) {
  const resources = { f: { component: 'fc3', props } };
  await writeFile(pathOf('s.yaml'), stringify({ vars, resources }, { lineWidth: 0 }));
}

/** Checks the rules beside a function with these props. */
async function checkProps(props: unknown, vars: unknown = {}) {
  await writeTemplate(props, vars);
  const { diagnostics, codes, exitCode } = await checkResources([uploads]);
  return { codes, exitCode, unknown: diagnostics.filter(({ code }) => code === 'unknown-part') };
}

describe('check, beside an s.yaml that has parts in other files', () => {
  it.each<[string, unknown, unknown?]>([
    ['triggers', propsOf(elsewhere)],
    ['triggers among variables in a file', propsOf(variable('vars.triggers')), elsewhere],
    ['triggers of a variable', propsOf(variable('vars.none'))],
    ['triggers of another resource', propsOf(variable('resources.g.output.triggers'))],
    ['one trigger', propsOf([elsewhere])],
    ['the type of a trigger', propsOf([trigger({ triggerType: variable('vars.none') })])],
    ['the bucket of a trigger', propsOf([trigger({ sourceArn: variable('vars.none') })])],
    ['the configuration of a trigger', propsOf([trigger({ triggerConfig: elsewhere })])],
    ['the events of a trigger', propsOf([trigger({}, { events: elsewhere })])],
    [
      'an event of a trigger',
      propsOf([trigger({}, { events: ['oss:ObjectCreated:PutObject', variable('vars.none')] })]),
    ],
    ['the filter of a trigger', propsOf([trigger({}, { filter: elsewhere })])],
    ['the pattern of a trigger', propsOf([bridge(variable("file('pattern.json')"))])],
    ['settings', propsOf([trigger()], { environmentVariables: elsewhere })],
    ['destinations', propsOf([trigger()], { asyncInvokeConfig: elsewhere })],
    ['all props', elsewhere],
  ])('check takes %s that cannot be looked up for unknown, and not for absent', async (_, props, vars) => {
    const { codes, unknown, exitCode } = await checkProps(props, vars);

    expect([exitCode, codes]).toEqual([0, []]);
    expect(unknown).toMatchObject([
      { severity: 'note', message: expect.stringMatching(/^`\$\{.*\}` cannot be looked up here/) },
    ]);
  });

  it('check shows where the part that cannot be looked up is named', async () => {
    const { unknown } = await checkProps(propsOf([trigger(), elsewhere]));

    expect(unknown[0]?.place?.sourceLine).toBe(`        - ${elsewhere}`);
  });

  it('check places what is wrong in a variable where the template names it', async () => {
    const prefix = `uploads/${'a'.repeat(80)}/*`;
    const named = variable('vars.prefix');
    await writeTemplate(propsOf([trigger({}, { filter: { key: { prefix: named, suffix: '' } } })]), {
      prefix,
    });

    const { diagnostics } = await checkResources([uploads]);

    const before = '                prefix: ';
    const place = diagnostics.find(({ code }) => code === 'trigger-wildcard')?.place;
    expect(place).toMatchObject({ sourceLine: before + named, column: before.length + 1 });
  });

  it('check does not say that no function is ours where its folder cannot be looked up', async () => {
    const props = propsOf([trigger()], { code: variable('vars.none') });

    const { codes, diagnostics } = await checkResources([uploads], { f: { props }, g: { props } });

    expect([codes, diagnostics.map(({ code }) => code)]).toEqual([[], ['unknown-part']]);
  });

  it('generate --check names what it cannot compare', async () => {
    await checkProps(propsOf(elsewhere));
    const rules = pathOf('rules.yaml');

    const { exitCode, out } = await runCommand(['generate', 'trigger', '--check', '--rules', rules]);

    expect(exitCode).toBe(0);
    expect(out).toContain(`${elsewhere}\` cannot be looked up here`);
    expect(out).toContain('as far as they can be looked up');
  });

  it('the doctor cannot tell of triggers that it cannot look up', async () => {
    const { examine } = await prepare();
    await writeTemplate(propsOf(elsewhere, { functionName: 'oss-saveas' }));

    const { findings, of } = await examine(['--template', pathOf('s.yaml')]);

    expect(of('triggers cover rules')).toMatchObject({
      state: 'cannot tell',
      found: expect.stringContaining(elsewhere),
    });
    expect(findings.filter(({ check }) => check.startsWith('trigger '))).toEqual([]);
  });
});
