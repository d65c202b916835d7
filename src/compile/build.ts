import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuleSet } from '../rules/rule-set.ts';

/** Writes what the function needs beside it: its rules, and the package.json that makes index.js CommonJS. */
export function writeRules(outDir: string, ruleSet: RuleSet): void {
  writeFileSync(join(outDir, 'rules.json'), JSON.stringify(ruleSet));
  writeFileSync(join(outDir, 'package.json'), '{"type":"commonjs"}\n');
}
