import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import type { RuleSet } from '../rules/rule-set.ts';
import { bundleFunction, bundleHttpEntry } from './bundle.ts';
import { renderRuleSet } from './compile.ts';

/**
 * Writes what is deployed into `outDir`: the bundled function, the entry for custom runtimes and the compiled rules. Only files of these names are
 * overwritten. Resolves to what the bundle holds.
 */
export async function buildPackage(outDir: string, ruleSet: RuleSet): Promise<Metafile> {
  await writeRules(outDir, ruleSet);
  await bundleHttpEntry(outDir);
  return bundleFunction(outDir);
}

/** Writes all but the function: its rules, and the package.json by which Node takes index.js for CommonJS wherever it lies. */
export async function writeRules(outDir: string, ruleSet: RuleSet): Promise<void> {
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'rules.json'), renderRuleSet(ruleSet));
  await writeFile(join(outDir, 'package.json'), '{"type":"commonjs"}\n');
}
