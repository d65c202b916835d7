import { readFile } from 'node:fs/promises';
import { compileRules as compileText } from '../../compile/compile.ts';
import { type RuleSet, RulesError } from '../../rules/rule-set.ts';
import { formatIssue } from './issue.ts';
import { loadRules } from './load.ts';
import type { RuleSet as OldRuleSet } from './rule.ts';

/** The compiled rules of a file, and the form in which the tools still read them. */
export async function compileRules(file: string): Promise<{ ruleSet: RuleSet; oldRules: OldRuleSet }> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new RulesError(`The rules cannot be read: ${error.message}`);
  });
  const loaded = loadRules(text, file);
  if (!loaded.ok) {
    throw new RulesError(`The rules are wrong:\n\n${loaded.issues.map(formatIssue).join('\n\n')}`);
  }
  const compiled = compileText(text, file);
  if (!compiled.ok) {
    const messages = compiled.diagnostics.map(({ message }) => message);
    throw new RulesError(`The rules are wrong:\n\n${messages.join('\n\n')}`);
  }
  return { ruleSet: compiled.ruleSet, oldRules: loaded.rules };
}
