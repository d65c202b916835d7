// Compiles src/ into build/, which is what the package holds: the tools, the function, the page (npm run compile).
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
// esbuild keeps the working directory in which it was loaded.
const { build } = await import('esbuild');
const tools = await build({
  entryPoints: {
    cli: 'src/cli/bin.ts',
    'fc-instance': 'src/local/fc/instance.ts',
    bundle: 'src/compile/bundle.ts',
  },
  outdir: 'build',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  splitting: true,
  packages: 'external',
  // Bundled: it would run a script at its installation, which pnpm refuses.
  alias: { exifreader: './node_modules/exifreader/dist/exif-reader.js' },
  metafile: true,
  logLevel: 'warning',
});

// A change gives chunks new names, so those of earlier builds would pile up. What still runs may load one of today's later.
const yesterday = Date.now() - 86_400_000;
for (const name of await readdir('build')) {
  const file = `build/${name}`;
  const isChunk = /-[0-9A-Z]{8}\.js$/.test(name) && !(file in tools.metafile.outputs);
  if (isChunk && (await stat(file)).mtimeMs < yesterday) {
    await rm(file);
  }
}

const { prebuild } = await import('../build/bundle.js');
await prebuild('build');

// The drawings of the demo's pictures.
await cp('src/local/pictures', 'build/pictures', { recursive: true });

// What programs import: one small file, for browsers too.
await build({
  entryPoints: ['src/targets-of.ts'],
  outdir: 'build',
  bundle: true,
  platform: 'neutral',
  target: 'es2022',
  format: 'esm',
  logLevel: 'warning',
});

// The page: what it opens first is one file; the editor and the other views follow when they are asked for.
await rm('build/page', { recursive: true, force: true });
const page = await build({
  entryPoints: { page: 'src/local/page/client/main.tsx' },
  outdir: 'build/page',
  chunkNames: '[name]-[hash]',
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  splitting: true,
  minify: true,
  metafile: true,
  logLevel: 'warning',
});

// Packages are inside these, so their notices go along.
const inputs = [tools, page]
  .flatMap(({ metafile }) => Object.keys(metafile.inputs))
  .map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
const packageDirs = [...new Set(inputs.filter((dir) => dir !== undefined))].sort();
const notices = packageDirs.map(async (dir) => {
  const file = (await readdir(dir)).find((name) => /^licen[cs]e/i.test(name));
  const name = dir.replace(/^.*node_modules\//, '');
  return `${name}\n\nSource: https://www.npmjs.com/package/${name}\n\n${(await readFile(`${dir}/${file}`, 'utf8')).trim()}\n`;
});
await writeFile('build/LICENSES.txt', (await Promise.all(notices)).join('\n---\n\n'));
