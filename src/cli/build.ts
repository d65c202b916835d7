import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import type { Metafile, Plugin } from 'esbuild';
import { compileRules } from '../rules/compile.ts';
import { jsonSchema } from '../rules/document.ts';
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
    const { ruleSet, json } = await compileRules(rules);
    const { remarks } = await checkFiles({ rules }, io.env);
    const errors = remarks.filter(({ severity }) => severity === 'error').map(formatRemark);
    if (errors.length > 0) throw new Error(`the check found errors:\n\n${errors.join('\n')}`);
    await rm(outDir, { recursive: true, force: true });
    await mkdir(outDir, { recursive: true });
    await writeFile(join(outDir, 'rules.json'), json);
    const metafile = await bundleFunction(outDir);
    await writeFile('build/rules.schema.json', `${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
    const code = await readFile(join(outDir, 'index.js'));
    const zipBytes = [code, json].reduce((sum, content) => sum + deflateRawSync(content).length, 0);
    io.out(`${outDir}/rules.json  ${ruleSet.rules.length} rules\n${describeBundle(metafile)}`);
    io.out(`${outDir}, zipped ${kilobytes(zipBytes).trim()}\n`);
    return 0;
  },
};

/** What the function may load beside Node's own modules, and only when no function role is there. */
const lazyPackage = '@alicloud/credentials';

/**
 * Parts of undici that a signed HTTP/1.1 request with a Buffer for its body never runs: HTTP/2 (loading Node's own
 * module for it costs 3 ms of a cold start), bodies of fetch, and the parser for processors without SIMD.
 */
const neverRun =
  /undici[\\/]lib[\\/](dispatcher[\\/]client-h2|web[\\/]fetch[\\/]body|llhttp[\\/]llhttp-wasm)\.js$/;

const leaveOutNeverRun: Plugin = {
  name: 'leave-out-never-run',
  setup: ({ onLoad, onResolve }) => {
    const contents =
      "module.exports = () => { throw new Error('this part of undici is left out of the bundle') };";
    onLoad({ filter: neverRun }, () => ({ contents }));
    // undici loads Node's whole HTTP module, 3 ms of a cold start, for this number and an `instanceof`.
    const http = 'module.exports = { maxHeaderSize: 16384, IncomingMessage: class {} };';
    onResolve({ filter: /^node:http$/ }, () => ({ path: 'http', namespace: 'left-out' }));
    onLoad({ filter: /^/, namespace: 'left-out' }, () => ({ contents: http }));
  },
};

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
    plugins: [leaveOutNeverRun],
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
