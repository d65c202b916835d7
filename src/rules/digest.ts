import { createHash } from 'node:crypto';
import type { Rule } from './rule-set.ts';

/**
 * Tells one file of rules from another, in twelve hex digits: the same for rules as they were just compiled
 * and as they are read from rules.json, where members that are undefined are absent.
 */
export function digestOfRules(rules: readonly Rule[]): string {
  return createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 12);
}
