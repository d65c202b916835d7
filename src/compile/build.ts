import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuleSet } from '../rules/rule-set.ts';

/** Writes what the function needs beside it: its rules, and the package.json by which Node takes index.js for CommonJS wherever it lies. */
export async function writeRules(outDir: string, ruleSet: RuleSet): Promise<void> {
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'rules.json'), JSON.stringify(ruleSet));
  await writeFile(join(outDir, 'package.json'), '{"type":"commonjs"}\n');
}
