import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { runCommand } from './terminal.ts';

const rules = `rules:
  - name: small
    match: { key: "uploads/*.jpg", bucket: photos }
    outputs: [{ style: "image/resize,w_100", target: { key: "small/{base}.jpg" } }]
`;

/** The ways in which a command is given a file; FILE stands for it, RULES for rules that are sound. */
const options = [
  'check --rules FILE',
  'check --rules RULES --template FILE',
  'build --rules FILE --out OUT',
  'build --rules RULES --template FILE --out OUT',
  'explain --rules FILE uploads/a.jpg',
  'explain --rules RULES FILE',
  'generate policy --rules FILE',
  'generate policy --check --rules RULES --template FILE',
  'generate trigger --check --rules RULES --template FILE',
  'import FILE',
  'local --port 0 --rules FILE --data OUT',
  'demo --rules FILE --data OUT',
  'run --local --rules FILE oss://photos/uploads/a.jpg',
  'run --local --rules RULES --event FILE',
  'invoke --event FILE',
  'backfill --local --rules FILE',
  'backfill --local --rules RULES --keys FILE',
  'backfill --local --rules RULES --inventory FILE',
  'orphans --local --rules FILE',
  'doctor --local --rules FILE',
  'doctor --local --endpoint http://127.0.0.1:1 --rules RULES --template FILE --json',
];

const files = {
  missing: 'no such file or directory',
  folder: /illegal operation on a directory|is no file/,
  inside: 'not a directory',
  binary: 'is not UTF-8',
  empty: /is empty|expected|neither/,
};

/** A folder with a file of each kind, and sound rules. */
async function makeFiles(): Promise<string> {
  const dir = await temporaryDir();
  await mkdir(join(dir, 'folder.json'));
  await writeFile(join(dir, 'binary.json'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x00]));
  await writeFile(join(dir, 'empty.json'), '');
  await writeFile(join(dir, 'rules.yaml'), rules);
  return dir;
}

describe.each(Object.entries(files))('a file that is %s', (kind, message) => {
  const name = kind === 'inside' ? 'rules.yaml/a.json' : `${kind}.json`;

  it.each(options)('a file that cannot be read is refused in one clear message: %s', async (line) => {
    const dir = await makeFiles();
    const file = join(dir, name);
    const args = line
      .replace('FILE', file)
      .replace('RULES', join(dir, 'rules.yaml'))
      .replace('OUT', join(dir, 'out'));

    const { exitCode, out, err } = await runCommand(args.split(' '));

    expect(exitCode).toBeGreaterThan(0);
    const text = `${out}${err}`.replace(/\s+/g, ' ');
    expect(text).toContain(name);
    expect(text).toMatch(message);
    expect(text).not.toMatch(/ENOENT|EISDIR|ENOTDIR| at .*\.ts:/);
  });
});
