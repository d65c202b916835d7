import { readFile } from 'node:fs/promises';
import { formatIssue } from './issue.ts';
import { loadRules } from './load.ts';
import { RulesError, writeCompiled } from './read.ts';
import type { RuleSet } from './rule.ts';

/**
 * Turns a rules file into the JSON that the function reads at its first invocation. A broken rule fails here,
 * with every issue shown in its line, and not at an upload.
 */
export async function compileRules(file: string): Promise<{ ruleSet: RuleSet; json: string }> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new RulesError(`The rules cannot be read: ${error.message}`);
  });
  const loaded = loadRules(text, file);
  if (loaded.ok) {
    return { ruleSet: loaded.rules, json: writeCompiled(loaded.rules) };
  }
  throw new RulesError(`The rules are wrong:\n\n${loaded.issues.map(formatIssue).join('\n\n')}`);
}
