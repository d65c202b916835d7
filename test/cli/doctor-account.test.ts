import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Finding } from '../../src/cli/finding.ts';
import { account, policy, prepare, trigger } from './doctor-fixture.ts';
import { runCommand } from './terminal.ts';

describe('the doctor, looking at the template and the account', () => {
  it('the doctor says of the account what it cannot tell, and how to find out', async () => {
    const { env } = await prepare('unknown');

    const { exitCode, out } = await runCommand(['doctor'], env);

    expect(exitCode).toBe(0);
    expect(out).toMatch(/^role +cannot tell +aliyun ram ListPoliciesForRole/m);
    expect(out).toMatch(/^triggers of oss-saveas +cannot tell +aliyun fc GET: not installed/m);
    expect(out).toMatch(/^style +cannot tell +no object/m);
    expect(out).toContain('- role: install the aliyun CLI');
  });

  it('the doctor fails where the template is none', async () => {
    const { examine, home } = await prepare();
    const template = join(home, 'empty.yaml');
    await writeFile(template, '');

    const { exitCode, of } = await examine(['--template', template]);

    expect(exitCode).toBe(1);
    expect(of('template')).toMatchObject({
      state: 'wrong',
      found: `${template}: expected a template with resources, received nothing`,
    });
  });

  it('the doctor names what the role may not do', async () => {
    const { examine } = await prepare({ ...account, policy: policy('derived/*') });

    const { exitCode, of } = await examine();

    expect(of('role')).toMatchObject({
      state: 'wrong',
      found: expect.stringMatching(
        /^oss-saveas lacks oss:PutObject on oss:\/\/photos\/marked\/uploads\/\S+$/,
      ),
    });
    expect(exitCode).toBe(1);
  });

  it.each([
    ['all but other services', 'ok', { NotAction: ['ram:*', 'ims:*'], Resource: '*' }],
    ['all but OSS', 'wrong', { NotAction: ['oss:*'], Resource: '*' }],
    ['all on all of every service', 'ok', { Action: '*', Resource: 'acs:*:*:*:*' }],
  ])('the doctor reads a policy that allows %s', async (_, state, statement) => {
    const policy = { Version: '1', Statement: [{ Effect: 'Allow', ...statement }] };
    const { examine } = await prepare({ ...account, policy });

    const { of } = await examine();

    expect(of('role')).toMatchObject({ state });
  });

  it('the doctor wants the role to have the rights in the bucket of each trigger', async () => {
    const { env, home } = await prepare(account);
    const rules = join(home, 'rules.yaml');
    const outputs = [{ style: 'image/resize,w_100', target: { key: 'derived/{key}' } }];
    await writeFile(rules, stringify({ rules: [{ name: 'r', match: { key: 'uploads/**' }, outputs }] }));
    const triggers = ['photos', 'photos-b'].map((bucket) => ({
      ...trigger,
      triggerName: bucket,
      sourceArn: `acs:oss:cn-hangzhou:1:${bucket}`,
    }));
    const props = { functionName: 'oss-saveas', region: 'cn-hangzhou', role: 'r', triggers };
    await writeFile(join(home, 's.yaml'), stringify({ resources: { f: { component: 'fc3', props } } }));

    const { exitCode, out } = await runCommand(['generate', 'policy', '--check', '--rules', rules], env);

    expect(out).toContain('lacks oss:PostProcessTask on oss://photos-b/uploads/*');
    expect(out).not.toContain('oss://photos/uploads');
    expect(exitCode).toBe(1);
    // Deployed triggers have nothing to do with what a policy gives.
    expect(await readFile(join(home, 'bin/aliyun.asked'), 'utf8')).not.toContain('fc');
  });

  it('the doctor compares of a trigger what no variable leaves open', async () => {
    const { examine, home } = await prepare();
    const open = `\${json(file('filter.json'))}`;
    const triggers = [
      {
        ...trigger,
        triggerConfig: {
          ...JSON.parse(trigger.triggerConfig),
          filter: { key: { prefix: open, suffix: '' } },
        },
      },
      { ...trigger, triggerName: `\${vars.none}` },
    ];
    const props = { functionName: 'oss-saveas', region: 'cn-hangzhou', role: 'r', triggers };
    const template = join(home, 's.yaml');
    await writeFile(template, stringify({ resources: { f: { component: 'fc3', props } } }));

    const { findings } = await examine(['--template', template]);

    const ofTriggers = findings.filter(({ check }) => check.startsWith('trigger '));
    expect(ofTriggers).toMatchObject([{ check: 'trigger oss-upload', state: 'ok' }]);
  });

  it('the doctor asks for the bucket of each trigger where a rule names none', async () => {
    const { examine, home } = await prepare();
    const triggers = ['photos', 'not-there'].map((bucket) => ({
      ...trigger,
      triggerName: bucket,
      sourceArn: `acs:oss:cn-hangzhou:1:${bucket}`,
    }));
    const props = { functionName: 'oss-saveas', region: 'cn-hangzhou', role: 'r', triggers };
    const template = join(home, 's.yaml');
    await writeFile(template, stringify({ resources: { f: { component: 'fc3', props } } }));

    const { of } = await examine(['--template', template]);

    expect([of('bucket photos')?.state, of('bucket not-there')?.state]).toEqual(['ok', 'wrong']);
  });

  it('the doctor does not judge what it cannot read', async () => {
    const { examine } = await prepare({ ...account, policy: { Statement: [] } });

    const { of } = await examine();

    expect(of('role')).toMatchObject({ state: 'cannot tell', found: 'oss-saveas cannot be read' });
  });

  it('the doctor heeds what the role is denied', async () => {
    const { Version, Statement } = policy('*');
    const denied = { Effect: 'Deny', Action: 'oss:GetObject', Resource: '*' };
    const { examine } = await prepare({ ...account, policy: { Version, Statement: [...Statement, denied] } });

    const { of } = await examine();

    expect(of('role')?.found).toContain('oss:GetObject');
  });

  it.each([
    ['is missing', []],
    [
      'has another prefix',
      [{ ...trigger, triggerConfig: trigger.triggerConfig.replace('uploads/', 'incoming/') }],
    ],
    ['belongs to another bucket', [{ ...trigger, sourceArn: trigger.sourceArn.replace('photos', 'films') }]],
  ])('the doctor sees that the deployed trigger %s', async (_, triggers) => {
    const { examine } = await prepare({ ...account, triggers });

    const { of } = await examine();

    expect(of('trigger oss-upload')).toMatchObject({ state: 'wrong', advice: 'npx s deploy' });
  });

  it('the doctor takes a deployed trigger for the same that names its events in another order', async () => {
    const { events, filter } = JSON.parse(trigger.triggerConfig);
    const triggerConfig = JSON.stringify({ events: [...events].reverse(), filter });
    const { examine } = await prepare({ ...account, triggers: [{ ...trigger, triggerConfig }] });

    const { of } = await examine();

    expect(of('trigger oss-upload')?.state).toBe('ok');
  });

  it.each([
    ['as other text', { type: ['oss:ObjectCreated:PutObject'], source: ['acs.oss'] }, 'ok'],
    ['with another type', { type: ['oss:ObjectCreated:PostObject'], source: ['acs.oss'] }, 'wrong'],
  ])('the doctor compares an event pattern that is deployed %s', async (_, deployed, state) => {
    const named = { triggerName: 'pattern', triggerType: 'eventbridge' };
    const configOf = (pattern: string) => ({ ...named, triggerConfig: { eventRuleFilterPattern: pattern } });
    const { examine, home } = await prepare({
      ...account,
      triggers: [configOf(JSON.stringify(deployed, undefined, 2))],
    });
    const template = join(home, 's.json');
    const pattern = '{"source":["acs.oss"],"type":["oss:ObjectCreated:PutObject"]}';
    const props = { functionName: 'oss-saveas', region: 'cn-hangzhou', triggers: [configOf(pattern)] };
    await writeFile(template, JSON.stringify({ edition: '3.0.0', resources: { f: { props } } }));

    const { of } = await examine(['--template', template]);

    expect(of('trigger pattern')?.state).toBe(state);
  });

  it('the doctor shows a key that a rule takes and the trigger does not deliver', async () => {
    const { examine, home } = await prepare();
    const rules = join(home, 'rules.yaml');
    await writeFile(
      rules,
      'rules:\n  - name: all\n    match: { key: "**/*.jpg", exclude: "small/**" }\n    outputs:\n      - style: image/resize,w_1\n        target: { key: "small/{base}" }\n',
    );

    const { of } = await examine(['--rules', rules]);

    expect(of('triggers cover rules')).toMatchObject({
      state: 'wrong',
      found: expect.stringMatching(/what `all` takes, such as `\S*\.jpg`/),
    });
  });

  it('the doctor counts all triggers of the template, and asks after each', async () => {
    const { examine, home } = await prepare({ ...account, triggers: [trigger] });
    const template = parse(await readFile('s.yaml', 'utf8'));
    const { triggers } = template.resources['oss-saveas'].props;
    triggers.push({
      ...triggers[0],
      triggerName: 'second',
      triggerConfig: { ...triggers[0].triggerConfig, filter: { key: { prefix: 'incoming/', suffix: '' } } },
    });
    const [file, rules] = [join(home, 's.yaml'), join(home, 'rules.yaml')];
    await writeFile(file, stringify(template, { aliasDuplicateObjects: false }));
    await writeFile(
      rules,
      'rules:\n  - name: all\n    match: { key: ["uploads/*", "incoming/*"] }\n    outputs:\n      - style: image/resize,w_1\n        target: { key: "small/{base}" }\n',
    );

    const { of } = await examine(['--rules', rules, '--template', file]);

    expect(of('triggers cover rules')?.state).toBe('ok');
    expect(of('trigger oss-upload')?.state).toBe('ok');
    expect(of('trigger second')).toMatchObject({ state: 'wrong', advice: 'npx s deploy' });
  });

  it('the doctor asks for the values of the template by name', async () => {
    const { env } = await prepare();
    const { AccountID: _, OSS_BUCKET: __, ...rest } = env;

    const { out } = await runCommand(['doctor', '--json'], rest);

    const findings: Finding[] = JSON.parse(out);
    expect(findings.find(({ check }) => check === 'template')?.found).toContain('OSS_BUCKET');
  });
});
