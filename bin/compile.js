// Compiles the tools from src/ into build/ (npm run compile).
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

await build({
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  entryPoints: { cli: 'src/cli/bin.ts', 'fc-instance': 'src/local/fc/instance.ts' },
  outdir: 'build',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  splitting: true,
  packages: 'external',
  logLevel: 'warning',
});

// The page: what it opens first is one file; the editor and the other views follow when they are asked for.
await rm(new URL('../build/page', import.meta.url), { recursive: true, force: true });
await build({
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  entryPoints: { page: 'src/local/page/client/main.tsx' },
  outdir: 'build/page',
  chunkNames: '[name]-[hash]',
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  splitting: true,
  minify: true,
  logLevel: 'warning',
});
