import { describe, expect, it } from 'vitest';
import { readDeployment } from '../../src/check/deployment.ts';
import { checkBuiltRules, checkFunctions } from '../../src/check/functions.ts';
import { rulesFormat } from '../../src/rules/rule-set.ts';

const deploymentWith = (environmentVariables: object) =>
  readDeployment(
    { resources: { 'oss-saveas': { props: { code: './dist', environmentVariables } } } },
    { dir: '/', env: {} },
  );

describe('what was written for an earlier version', () => {
  it('the check names a setting that is read no more, with its place and what to do', () => {
    const found = [...checkFunctions(deploymentWith({ OSS_REGION: 'cn-hangzhou', RULES: 'rules: []' }))];

    expect(found).toMatchObject([
      {
        severity: 'error',
        code: 'dropped-setting',
        path: ['resources', 'oss-saveas', 'props', 'environmentVariables', 'RULES'],
        hint: expect.stringContaining('rules.yaml'),
      },
    ]);
  });

  it('the check finds nothing in a deployment of this version', () => {
    expect([...checkFunctions(deploymentWith({ OSS_REGION: 'cn-hangzhou', LOG_LEVEL: 'info' }))]).toEqual([]);
  });

  it('the check says of rules that an earlier version built who built them, in which format, and what to do', () => {
    const text = JSON.stringify({ format: rulesFormat - 1, builtBy: '0.0.1' });

    expect([...checkBuiltRules(text, 'dist/rules.json')]).toEqual([
      {
        severity: 'note',
        code: 'built-earlier',
        path: [],
        message: `dist/rules.json was built by oss-saveas 0.0.1 in format ${rulesFormat - 1}, this version reads format ${rulesFormat}`,
        hint: 'A deployment rebuilds it; `npx oss-saveas build` does it now.',
      },
    ]);
  });

  it.each([
    ['in a build of this version', JSON.stringify({ format: rulesFormat, builtBy: '0.1.0' })],
    ['in a file of something else', JSON.stringify({ format: 1 })],
    ['where there is no build', ''],
  ])('the check finds no rules of an earlier version %s', (_, text) => {
    expect([...checkBuiltRules(text, 'dist/rules.json')]).toEqual([]);
  });
});
