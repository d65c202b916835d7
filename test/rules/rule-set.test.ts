import { describe, expect, it } from 'vitest';
import { parseRuleSet } from '../../src/rules/rule-set.ts';
import { ruleSetOf } from './rule-sets.ts';

const output = { style: 'image/info', target: { key: 'd/{key}' } };
const ruleSet = ruleSetOf({ rules: [{ name: 'r', match: { key: 'u/**' }, outputs: [output] }] });

describe('a compiled rules file', () => {
  it('a compiled rules file is read as the build wrote it', () => {
    const text = JSON.stringify(ruleSet);

    expect(parseRuleSet(text, 'rules.json')).toEqual(JSON.parse(text));
  });

  it('a compiled rules file of another format is refused by the names of both formats', () => {
    const text = JSON.stringify({ ...ruleSet, builtBy: '9.9.9', format: 4 });

    expect(() => parseRuleSet(text, '/code/rules.json')).toThrow(
      '/code/rules.json was built by oss-saveas 9.9.9 in format 4, this function reads format 3: rebuild with `oss-saveas build`.',
    );
  });

  it.each([
    ['cut off', JSON.stringify(ruleSet).slice(0, -1)],
    ['empty', ''],
    ['of the first format', '{"compiled":1,"rules":[]}'],
    ['a rules.yaml in JSON', '{"rules":[]}'],
    ['without rules', '{"format":3,"builtBy":"0.1.0"}'],
    ['no object', '[]'],
  ])('a compiled rules file that is %s is refused in one sentence', (_how, text) => {
    expect(() => parseRuleSet(text, 'rules.json')).toThrow(expect.objectContaining({ name: 'RulesError' }));
    expect(() => parseRuleSet(text, 'rules.json')).toThrow(
      'rules.json is no compiled rules file, or was cut off: rebuild with `oss-saveas build`.',
    );
  });
});
