import { describe, expect, it } from 'vitest';
import { compileRules } from '../../src/compile/compile.ts';
import { digestOfRules } from '../../src/rules/digest.ts';
import { parseRuleSet } from '../../src/rules/rule-set.ts';

const text = `rules:
  - name: small
    match: { key: "u/**", size: { max: 10 } }
    onRemove: delete
    outputs:
      - style: image/resize,w_{w}
        vary: { w: [1, 2] }
        target: { key: "small/{name}-{w}" }
        headers: { x-oss-meta-b: b, x-oss-meta-a: a }
        tags: { "2": b, "1": a, __proto__: "\\u0000" }
`;

function compile(rules: string) {
  const compiled = compileRules(rules, 'rules.yaml');
  if (!compiled.ok) {
    throw new Error(JSON.stringify(compiled.diagnostics));
  }
  return compiled.ruleSet;
}

describe('the digest of rules', () => {
  it('rules that were just compiled have the same digest as those that the function reads', () => {
    const ruleSet = compile(text);
    const read = parseRuleSet(JSON.stringify(ruleSet), 'rules.json');

    expect(digestOfRules(read.rules)).toBe(digestOfRules(ruleSet.rules));
    expect(digestOfRules(read.rules)).toMatch(/^[0-9a-f]{12}$/);
  });

  it.each([
    ['w: [1, 2]', 'w: [1, 3]'],
    ['u/**', 'v/**'],
    ['    onRemove: delete\n', ''],
    ['x-oss-meta-a: a', 'x-oss-meta-a: c'],
  ])('rules in which %j is %j have another digest', (from, to) => {
    expect(digestOfRules(compile(text.replace(from, to)).rules)).not.toBe(digestOfRules(compile(text).rules));
  });
});
