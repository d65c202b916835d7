import { readFileSync } from 'node:fs';
import type { RuleSet } from './rule.ts';

export class RulesError extends Error {
  override name = 'RulesError';
}

/**
 * Reads the rules at run time: the text of the RULES setting, else the file beside the function. What the build
 * compiled is taken as it is, since it was checked there; a document as people write it is checked here, every
 * issue named in a RulesError. The checker is loaded for that alone: it is an eighth of a cold start.
 */
export async function readRules({
  rules,
  rulesFile,
}: {
  rules?: string;
  rulesFile: string;
}): Promise<RuleSet> {
  const place = rules === undefined ? rulesFile : 'the RULES setting';
  let value: unknown;
  try {
    value = JSON.parse(rules ?? readFileSync(rulesFile, 'utf8'));
  } catch (error) {
    throw new RulesError(
      `The rules in ${place} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
  return isCompiled(value) ? value : parse(place, value);
}

/** One rule out of a manual event's own style and target: it takes whatever object the event names. */
export function readAdHocRules(output: {
  style: unknown;
  target: unknown;
  vary?: unknown;
}): Promise<RuleSet> {
  return parse('the event', { rules: [{ name: 'manual', match: { key: '**' }, outputs: [output] }] });
}

/** Marks what `writeCompiled` wrote; another number where the form of a RuleSet has changed. */
const compiledForm = 1;

/** The rules as the build leaves them for the function: parsed, checked, plain data. */
export function writeCompiled(ruleSet: RuleSet): string {
  return JSON.stringify({ compiled: compiledForm, ...ruleSet });
}

function isCompiled(value: unknown): value is RuleSet {
  return (
    typeof value === 'object' && value !== null && 'compiled' in value && value.compiled === compiledForm
  );
}

async function parse(place: string, document: unknown): Promise<RuleSet> {
  const { parseRules } = await import('./rule.ts');
  const parsed = parseRules(document);
  if (parsed.ok) {
    return parsed.rules;
  }
  throw new RulesError(
    `The rules in ${place} are wrong:\n${parsed.issues.map(({ message }) => `- ${message}`).join('\n')}`,
  );
}
