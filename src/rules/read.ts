import { readFileSync } from 'node:fs';
import { parseRules, type RuleSet } from './rule.ts';

export class RulesError extends Error {
  override name = 'RulesError';
}

/**
 * Reads the rules at run time: the text of the RULES setting, else the compiled file beside the function.
 * Throws RulesError that names the place and every issue.
 */
export function readRules({ rules, rulesFile }: { rules?: string; rulesFile: string }): RuleSet {
  const place = rules === undefined ? rulesFile : 'the RULES setting';
  return parse(place, () => JSON.parse(rules ?? readFileSync(rulesFile, 'utf8')));
}

/** One rule out of a manual event's own style and target: it takes whatever object the event names. */
export function readAdHocRules(output: { style: unknown; target: unknown; vary?: unknown }): RuleSet {
  return parse('the event', () => ({ rules: [{ name: 'manual', match: { key: '**' }, outputs: [output] }] }));
}

function parse(place: string, read: () => unknown): RuleSet {
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    throw new RulesError(
      `The rules in ${place} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
  const parsed = parseRules(value);
  if (parsed.ok) return parsed.rules;
  throw new RulesError(
    `The rules in ${place} are wrong:\n${parsed.issues.map(({ message }) => `- ${message}`).join('\n')}`,
  );
}
