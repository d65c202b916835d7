import { copyFile, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { writeRules } from '../compile/build.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { checkFiles, paintDiagnostics } from './check.ts';
import { CliError, defineCommand } from './command.ts';
import { builtDir } from './package-files.ts';
import { rulesOption, templateOption } from './project.ts';

export const build = defineCommand({
  options: {
    rules: rulesOption,
    template: templateOption,
    out: { value: 'folder', default: 'dist', summary: 'what s.yaml names as code' },
  },
  run: async ({ rules, template, out: outDir }, io) => {
    const { compiled, diagnostics } = await checkFiles(rules, template, io.env);
    const shown = diagnostics.filter(({ severity }) => severity !== 'note');
    io.err(paintDiagnostics(shown, io));
    if (!compiled.ok || diagnostics.some(({ severity }) => severity === 'error')) {
      throw new Error('the check found errors, so nothing was built.');
    }
    await buildFunction(outDir, compiled.ruleSet);
    const names = await readdir(outDir);
    const contents = await Promise.all(names.map((file) => readFile(join(outDir, file))));
    const zipBytes = contents.reduce((sum, content) => sum + deflateRawSync(content).length, 0);
    const rows = names.map((name, i) => `${kilobytes(contents[i]?.length ?? 0)}  ${outDir}/${name}\n`);
    io.out(
      `${rows.join('')}${outDir} has ${compiled.source.length} rules, zipped ${kilobytes(zipBytes).trim()}.\n`,
    );
    return 0;
  },
});

/** The function, what it loads where a rule asks for it, and its entry for custom runtimes. */
const functionFiles = ['index.js', 'life.js', 'http.js'];

const builtFiles = [...functionFiles, 'package.json', 'rules.json'];

/** Builds the function into a folder that is empty, or that a build made; refuses any other. */
async function buildFunction(outDir: string, ruleSet: RuleSet): Promise<void> {
  const files: string[] = await readdir(outDir).catch(() => []);
  const rules = await readFile(join(outDir, 'rules.json'), 'utf8').catch(() => '');
  const isBuilt = files.every((file) => builtFiles.includes(file)) && rules.includes('"builtBy":');
  if (files.length > 0 && !isBuilt) {
    throw new CliError(
      `${outDir} holds files that no build made: name an empty folder, or empty it yourself.`,
    );
  }
  await Promise.all(files.map((file) => rm(join(outDir, file))));
  await writeRules(outDir, ruleSet);
  const functionDir = join(builtDir(), 'function');
  await Promise.all(functionFiles.map((file) => copyFile(join(functionDir, file), join(outDir, file))));
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1).padStart(6)} KB`;
}
