import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { writeRules } from '../compile/build.ts';
import { makeFolder } from '../folder-lock.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { checkFiles, paintDiagnostics, plural } from './check.ts';
import { CliError, defineCommand } from './command.ts';
import { builtDir } from './package-files.ts';
import { rulesOption, templateOption } from './project.ts';

export const build = defineCommand({
  options: {
    rules: rulesOption,
    template: templateOption,
    out: { value: 'folder', default: 'dist', summary: 'the folder that s.yaml names as code' },
  },
  run: async ({ rules, template, out: outDir }, io) => {
    const { compiled, diagnostics } = await checkFiles(rules, template, io.env);
    const shown = diagnostics.filter(({ severity }) => severity !== 'note');
    io.err(paintDiagnostics(shown, io));
    if (!compiled.ok || diagnostics.some(({ severity }) => severity === 'error')) {
      throw new Error('the check found errors, so nothing was built.');
    }
    buildFunction(outDir, compiled.ruleSet);
    const names = readdirSync(outDir);
    const contents = names.map((file) => readFileSync(join(outDir, file)));
    const zipBytes = contents.reduce((sum, content) => sum + deflateRawSync(content).length, 0);
    const rows = names.map((name, i) => `${kilobytes(contents[i]?.length ?? 0)}  ${outDir}/${name}\n`);
    const count = plural(compiled.source.length, 'rule');
    io.out(`${rows.join('')}${outDir} has ${count}, zipped ${kilobytes(zipBytes).trim()}.\n`);
    return 0;
  },
});

/** The function with its loader, and the entry for custom runtimes. */
const functionFiles = ['index.js', 'function.js', 'http.js'];

/** A clone has none unless somebody made it. */
const codeCache = 'function.cache';

const builtFiles = [...functionFiles, codeCache, 'package.json', 'rules.json'];

/**
 * Builds the function into a folder that is empty or was built before; refuses any other. Signals are not
 * handled meanwhile, and an incomplete build is removed.
 */
function buildFunction(outDir: string, ruleSet: RuleSet): void {
  makeFolder(outDir);
  const files = readdirSync(outDir);
  if (files.length > 0 && !isBuilt(outDir, files)) {
    const [other = 'files'] = files.filter((file) => !builtFiles.includes(file));
    throw new CliError(`${outDir} holds ${other}, which no build made: empty it, or give another --out.`);
  }
  const functionDir = join(builtDir(), 'function');
  try {
    removeBuilt(outDir); // Some files may be read-only, as in a package that was installed so.
    writeRules(outDir, ruleSet);
    const optional = existsSync(join(functionDir, codeCache)) ? [codeCache] : [];
    for (const file of [...functionFiles, ...optional]) {
      copyFileSync(join(functionDir, file), join(outDir, file));
    }
    // Serverless Devs keeps these modes in its zip, and Function Compute may run it as another user.
    for (const file of readdirSync(outDir)) {
      chmodSync(join(outDir, file), 0o644);
    }
  } catch (error) {
    removeBuilt(outDir);
    throw new Error(`${outDir} cannot be built: ${error instanceof Error ? error.message : error}.`);
  }
}

function removeBuilt(dir: string): void {
  for (const file of builtFiles) {
    rmSync(join(dir, file), { force: true });
  }
}

function isBuilt(dir: string, files: readonly string[]): boolean {
  const isOurs = files.every((file) => builtFiles.includes(file)) && files.includes('rules.json');
  return isOurs && readFileSync(join(dir, 'rules.json'), 'utf8').includes('"builtBy":');
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1).padStart(6)} KB`;
}
