#!/usr/bin/env node
// The `oss-saveas` command. In a clone it builds first what was not built since the last pull; an installed package
// brings its build along.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const cli = new URL('../build/cli.js', import.meta.url);
if (!existsSync(cli) || isOlderThanSource()) {
  const dir = process.cwd();
  await import('./compile.js');
  process.chdir(dir);
}
await import(cli.href);

/** Whether this is a clone whose source is newer than its build: git gives what it brings the time of that moment. */
function isOlderThanSource() {
  const src = new URL('../src/', import.meta.url);
  if (!existsSync(new URL('cli/bin.ts', src))) {
    return false;
  }
  // What an editor puts there may be gone by now.
  const timeOf = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  // This is the last file of a build: without it, somebody interrupted that.
  const builtMs = timeOf(new URL('../build/LICENSES.txt', import.meta.url));
  // With their types, the names of all folders are read many times faster.
  const entries = readdirSync(src, { recursive: true, withFileTypes: true });
  return entries.some(({ parentPath, name }) => timeOf(join(parentPath, name)) > builtMs);
}
