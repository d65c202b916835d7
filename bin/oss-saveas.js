#!/usr/bin/env node
// The `oss-saveas` command. A clone that was not built yet is built first; an installed package brings its build along.
import { existsSync } from 'node:fs';

const cli = new URL('../build/cli.js', import.meta.url);
// This is the last file of a build: without it, somebody interrupted that.
const last = new URL('../build/LICENSES.txt', import.meta.url);
if (!existsSync(cli) || !existsSync(last)) {
  const dir = process.cwd();
  await import('./compile.js');
  process.chdir(dir);
}
await import(cli.href);
