import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuleSet } from '../rules/rule-set.ts';
import { renderRuleSet } from './compile.ts';

/** The function and its entry for custom runtimes, as `prebuild` bundles them. */
const functionFiles = ['index.js', 'http.js'];

/**
 * Writes what is deployed into `outDir`: the bundled function of `functionDir` and the compiled rules. Only files of
 * these names are overwritten.
 */
export async function buildPackage(outDir: string, ruleSet: RuleSet, functionDir: string): Promise<void> {
  await writeRules(outDir, ruleSet);
  await Promise.all(functionFiles.map((file) => copyFile(join(functionDir, file), join(outDir, file))));
}

/** Writes all but the function: its rules, and the package.json by which Node takes index.js for CommonJS wherever it lies. */
export async function writeRules(outDir: string, ruleSet: RuleSet): Promise<void> {
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'rules.json'), renderRuleSet(ruleSet));
  await writeFile(join(outDir, 'package.json'), '{"type":"commonjs"}\n');
}
