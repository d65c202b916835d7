#!/usr/bin/env node
// The `oss-saveas` command. A clone that was not built yet is built first; an installed package brings its build along.
import { existsSync } from 'node:fs';

const cli = new URL('../build/cli.js', import.meta.url);
if (!existsSync(cli)) {
  const dir = process.cwd();
  await import('./compile.js');
  process.chdir(dir);
}
await import(cli.href);
