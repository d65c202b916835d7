import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import { jsonSchema } from './schema.ts';

/**
 * Parts of undici that a signed HTTP/1.1 request with a Buffer body never runs: HTTP/2 (loading Node's module
 * for it costs 3 ms of a cold start), bodies of fetch, the parser for processors without SIMD.
 */
const neverRun =
  /undici[\\/]lib[\\/](dispatcher[\\/]client-h2|web[\\/]fetch[\\/]body|llhttp[\\/]llhttp-wasm)\.js$/;

/** Modules that undici gets instead of Node's own. */
const replacements: Readonly<Record<string, string>> = {
  // The real one loads all of HTTP, 3 ms of a cold start, for this number and an `instanceof`.
  'node:http': 'module.exports = { maxHeaderSize: 16384, IncomingMessage: class {} };',
  // To describe a failed assertion, Node parses the whole bundle, which takes 30 s at 0.1 vCPU.
  'node:assert': `module.exports = (isRight) => {
    if (!isRight) { throw new Error('undici met what it takes for impossible'); }
  };`,
};

/** Leaves these parts out, and those of Node's modules that only they need or that have a stand-in. */
export const leaveOutNeverRun: Plugin = {
  name: 'leave-out-never-run',
  setup: ({ onLoad, onResolve }) => {
    const contents =
      "module.exports = () => { throw new Error('this part of undici is left out of the bundle') };";
    onLoad({ filter: neverRun }, () => ({ contents }));
    onResolve({ filter: /^node:(http|assert)$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
    onLoad({ filter: /^/, namespace: 'left-out' }, ({ path }) => ({ contents: replacements[path] ?? '' }));
  },
};

/** Keeps the function out of the bundle for custom runtimes, which loads it from the same folder. */
const leaveFunctionBeside: Plugin = {
  name: 'leave-function-beside',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/index\.ts$/ }, () => ({ path: './index.js', external: true }));
  },
};

const options = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Lazily loaded packages come through require: import() would start Node's other loader for them.
  supported: { 'dynamic-import': false },
  // Names stay, because Function Compute reports an error's class, and people read stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
} as const;

/**
 * Makes in `buildDir` what an installed package brings along, so that a user's project needs no bundler: the
 * function in `function/`, and the JSON Schema of the rules. It reads `src/` in the working directory.
 */
export async function prebuild(buildDir: string): Promise<void> {
  const functionDir = join(buildDir, 'function');
  await bundleFunction(functionDir);
  await bundle(functionDir, { entryPoints: ['src/http.ts'], plugins: [leaveFunctionBeside] });
  await writeFile(join(buildDir, 'rules.schema.json'), `${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
}

/**
 * Bundles the function into `{outDir}/function.js`, and its loader into `index.js`, as CommonJS, which
 * Function Compute needs. Removes the code cache of an earlier function. Returns the bundle's contents.
 */
export async function bundleFunction(outDir: string): Promise<Metafile> {
  // The licence of undici requires its notice in every copy.
  const licence = await readFile('node_modules/undici/LICENSE', 'utf8');
  const own = {
    banner: { js: `/*! This bundle holds undici (https://undici.nodejs.org).\n\n${licence.trim()}\n*/` },
    entryPoints: { function: 'src/index.ts' },
    // Apart from Node's own modules, the function loads only this package, and only without a function role.
    external: ['@alicloud/credentials'],
    plugins: [leaveOutNeverRun],
  };
  const readFunction = () => readFile(join(outDir, 'function.js'), 'utf8');
  const before = await readFunction().catch(() => '');
  await bundle(outDir, { entryPoints: { index: 'src/loader.ts' } });
  const metafile = await bundle(outDir, own);
  if ((await readFunction()) !== before) {
    await rm(join(outDir, 'function.cache'), { force: true });
  }
  return metafile;
}

async function bundle(outdir: string, own: Omit<BuildOptions, keyof typeof options>): Promise<Metafile> {
  const { build } = await import('esbuild');
  const { metafile } = await build({ ...options, ...own, outdir });
  return metafile;
}
