import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { buildPackage } from '../compile/build.ts';
import { describeBundle } from '../compile/bundle.ts';
import { jsonSchema } from '../compile/schema.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { checkFiles, describe } from './check.ts';
import { CliError, type Command, optionalText, textOf } from './command.ts';
import { rulesOption, templateOption } from './project.ts';

export const build: Command = {
  name: 'build',
  summary: 'Checks and compiles the rules and bundles the function into the folder that is deployed.',
  options: {
    rules: rulesOption,
    template: templateOption,
    out: { value: 'folder', default: 'dist', summary: 'what s.yaml names as code' },
  },
  run: async (values, io) => {
    const outDir = textOf(values, 'out');
    const files = [textOf(values, 'rules'), optionalText(values, 'template')] as const;
    const { compiled, diagnostics } = await checkFiles(...files, io.env);
    io.err(
      describe(
        diagnostics.filter(({ severity }) => severity !== 'note'),
        io,
      ),
    );
    if (!compiled.ok || diagnostics.some(({ severity }) => severity === 'error')) {
      throw new Error('the check found errors, so nothing was built.');
    }
    const metafile = await buildFunction(outDir, compiled.ruleSet);
    await mkdir('build', { recursive: true });
    await writeFile('build/rules.schema.json', `${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
    const contents = await Promise.all((await readdir(outDir)).map((file) => readFile(join(outDir, file))));
    const zipBytes = contents.reduce((sum, content) => sum + deflateRawSync(content).length, 0);
    io.out(`${outDir}/rules.json  ${compiled.source.length} rules\n${describeBundle(metafile)}`);
    io.out(`${outDir}, zipped ${(zipBytes / 1024).toFixed(1)} KB\n`);
    return 0;
  },
};

/** Files that this version and earlier ones built. */
const builtFiles = ['http.js', 'index.js', 'package.json', 'rule-checker.js', 'rules.json'];

/** Builds the function into a folder that is empty, or that a build made; refuses any other. */
export async function buildFunction(outDir: string, ruleSet: RuleSet): Promise<Metafile> {
  const files: string[] = await readdir(outDir).catch(() => []);
  const rules = await readFile(join(outDir, 'rules.json'), 'utf8').catch(() => '');
  const isBuilt = files.every((file) => builtFiles.includes(file)) && /"(builtBy|compiled)":/.test(rules);
  if (files.length > 0 && !isBuilt) {
    throw new CliError(
      `${outDir} holds files that no build made: name an empty folder, or empty it yourself.`,
    );
  }
  await Promise.all(files.map((file) => rm(join(outDir, file))));
  return buildPackage(outDir, ruleSet);
}
