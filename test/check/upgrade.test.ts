import { describe, expect, it } from 'vitest';
import { readDeployment } from '../../src/check/deployment.ts';
import { checkBuiltRules, checkUpgrade } from '../../src/check/upgrade.ts';
import { rulesFormat } from '../../src/rules/rule-set.ts';

const deploymentWith = (environmentVariables: object) =>
  readDeployment(
    { resources: { 'oss-saveas': { props: { code: './dist', environmentVariables } } } },
    { dir: '/', env: {} },
  );

describe('what was written for an earlier version', () => {
  it('names a setting that is read no more, with its place and what to do', () => {
    const found = [...checkUpgrade(deploymentWith({ OSS_REGION: 'cn-hangzhou', RULES: 'rules: []' }))];

    expect(found).toMatchObject([
      {
        severity: 'error',
        code: 'dropped-setting',
        path: ['resources', 'oss-saveas', 'props', 'environmentVariables', 'RULES'],
        hint: expect.stringContaining('rules.yaml'),
      },
    ]);
  });

  it('finds nothing in a deployment of this version', () => {
    expect([...checkUpgrade(deploymentWith({ OSS_REGION: 'cn-hangzhou', LOG_LEVEL: 'info' }))]).toEqual([]);
  });

  it.each([
    ['an earlier build', { format: rulesFormat - 1, builtBy: '0.0.1' }, 1],
    ['this build', { format: rulesFormat, builtBy: '0.1.0' }, 0],
    ['a file of something else', { format: 1 }, 0],
  ])('says of rules that %s left whether they are of another format', (_, rules, count) => {
    const found = [...checkBuiltRules(JSON.stringify(rules), 'dist/rules.json')];

    expect(found).toHaveLength(count);
  });

  it('says nothing where there is no build', () => {
    expect([...checkBuiltRules('', 'dist/rules.json')]).toEqual([]);
  });
});
