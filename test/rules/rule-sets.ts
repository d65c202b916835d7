import { compileRules } from '../../src/compile/compile.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';

/** The rules of a document that is given as data, compiled as the build compiles them. */
export function ruleSetOf(document: object): RuleSet {
  const compiled = compileRules(JSON.stringify(document), 'rules.json');
  if (!compiled.ok) {
    throw new Error(compiled.diagnostics.map(({ message }) => message).join('\n'));
  }
  return compiled.ruleSet;
}

/** The same, with a first rule that the recursion guard keeps from the keys of `glob`, in the bucket or in any. */
export function guardedRuleSetOf(document: object, glob: string, bucket?: string): RuleSet {
  const { rules, ...rest } = ruleSetOf(document);
  const output = { style: 'image/info', target: { key: 'd/{key}' } };
  const keys = ruleSetOf({ rules: [{ name: 'own', match: { key: glob }, outputs: [output] }] });
  const ownOutputs = keys.rules.map(({ match }) => ({ bucket, keys: match.keys }));
  return { ...rest, rules: rules.map((rule, i) => (i === 0 ? { ...rule, ownOutputs } : rule)) };
}

/** A rule by which each upload has so many outputs. */
export function ruleSetOfOutputs(count: number): RuleSet {
  const output = {
    style: 'image/resize,w_{w}',
    vary: { w: Array.from({ length: count }, (_, i) => i + 1) },
    target: { key: 'derived/{name}-{w}' },
  };
  return ruleSetOf({ rules: [{ name: 'many', match: { key: 'uploads/**' }, outputs: [output] }] });
}
