import { mkdir, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { compileRules } from '../rules/compile.ts';
import { jsonSchema } from '../rules/document.ts';
import { type Command, textOf } from './command.ts';

export const build: Command = {
  name: 'build',
  summary: 'Compiles the rules and bundles the function into the folder that is deployed.',
  options: {
    rules: { value: 'file', default: 'rules.yaml', summary: 'the rules' },
    out: { value: 'folder', default: 'dist', summary: 'what s.yaml names as code' },
  },
  run: async (values, io) => {
    const outDir = textOf(values, 'out');
    const { ruleSet, json } = await compileRules(textOf(values, 'rules'));
    await rm(outDir, { recursive: true, force: true });
    await mkdir(outDir, { recursive: true });
    await writeFile(join(outDir, 'rules.json'), json);
    const metafile = await bundleFunction(outDir);
    await writeFile('build/rules.schema.json', `${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
    io.out(`${outDir}/rules.json  ${ruleSet.rules.length} rules\n${describeBundle(metafile)}`);
    return 0;
  },
};

/** What the function may load beside Node's own modules, and only when no function role is there. */
const lazyPackage = '@alicloud/credentials';

/** Bundles the function into `{outDir}/index.js`: one CommonJS file, as a `nodejs20` package without package.json wants. */
export async function bundleFunction(outDir: string): Promise<Metafile> {
  const { build: bundle } = await import('esbuild');
  const { metafile } = await bundle({
    entryPoints: ['src/index.ts'],
    outfile: join(outDir, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: [lazyPackage],
    // Names stay: Function Compute reports the class of an error, and stack traces are for people.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const foreign = importsOf(metafile).filter(
    (path) => !path.startsWith('node:') && !isBuiltin(path) && path !== lazyPackage,
  );
  if (foreign.length > 0) throw new Error(`the bundle may not import ${foreign.join(', ')}`);
  return metafile;
}

/** What the bundle asks Node for when it is loaded or later. */
export function importsOf(metafile: Metafile): string[] {
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return [...new Set(imports.filter(({ external }) => external).map(({ path }) => path))].sort();
}

function describeBundle(metafile: Metafile): string {
  return Object.entries(metafile.outputs)
    .map(([path, { bytes, inputs }]) => {
      const parts = new Map<string, number>();
      for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
        const owner =
          /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? input.split('/').slice(0, 2).join('/');
        parts.set(owner, (parts.get(owner) ?? 0) + bytesInOutput);
      }
      const rows = [...parts]
        .sort((a, b) => b[1] - a[1])
        .map(([owner, size]) => `  ${kilobytes(size)}  ${owner}\n`);
      return `${path}  ${kilobytes(bytes).trim()}, of it\n${rows.join('')}  imports ${importsOf(metafile).join(', ')}\n`;
    })
    .join('');
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1).padStart(6)} KB`;
}
