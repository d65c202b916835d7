import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { stringify } from 'yaml';
import { runCommand } from './terminal.ts';

/** Gives each test a folder of its own, and a function that generates something for rules there. */
export function useFolder() {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'generate-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const pathOf = (name: string) => join(dir, name);

  async function generate(rules: object[], ...args: string[]) {
    const file = pathOf('rules.yaml');
    await writeFile(file, stringify({ rules: rules.map((one, i) => ({ ...one, name: `r${i}` })) }));
    return runCommand(['generate', ...args, '--rules', file]);
  }

  return { pathOf, generate };
}

export const rule = (match: object, target: object, more: object = {}) => ({
  name: 'r',
  match,
  outputs: [{ style: 'image/resize,w_100', target, ...more }],
});
