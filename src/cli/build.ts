import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { compileRules } from '../check/old/compile.ts';
import { jsonSchema } from '../check/old/document.ts';
import { buildPackage } from '../compile/build.ts';
import { describeBundle } from '../compile/bundle.ts';
import { formatRemark } from './check/remark.ts';
import { checkFiles } from './check.ts';
import { type Command, textOf } from './command.ts';

export const build: Command = {
  name: 'build',
  summary: 'Checks and compiles the rules and bundles the function into the folder that is deployed.',
  options: {
    rules: { value: 'file', default: 'rules.yaml', summary: 'the rules' },
    out: { value: 'folder', default: 'dist', summary: 'what s.yaml names as code' },
  },
  run: async (values, io) => {
    const outDir = textOf(values, 'out');
    const rules = textOf(values, 'rules');
    const { ruleSet } = await compileRules(rules);
    const { remarks } = await checkFiles({ rules }, io.env);
    const errors = remarks.filter(({ severity }) => severity === 'error').map(formatRemark);
    if (errors.length > 0) {
      throw new Error(`the check found errors:\n\n${errors.join('\n')}`);
    }
    await rm(outDir, { recursive: true, force: true });
    const metafile = await buildPackage(outDir, ruleSet);
    await writeFile('build/rules.schema.json', `${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
    const contents = await Promise.all((await readdir(outDir)).map((file) => readFile(join(outDir, file))));
    const zipBytes = contents.reduce((sum, content) => sum + deflateRawSync(content).length, 0);
    io.out(`${outDir}/rules.json  ${ruleSet.rules.length} rules\n${describeBundle(metafile)}`);
    io.out(`${outDir}, zipped ${(zipBytes / 1024).toFixed(1)} KB\n`);
    return 0;
  },
};
