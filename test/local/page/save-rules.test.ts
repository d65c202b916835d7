import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { readRules, saveRules } from '../../../src/local/page/server/rules.ts';

vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  return { ...real, rename: vi.fn(real.rename) };
});

it('the page neither shows nor overwrites rules that are not UTF-8, which would lose their letters', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'oss-saveas-rules-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'rules.yaml');
  const gbk = Buffer.from([0x23, 0xb0, 0xe6, 0x0a]);
  await writeFile(file, gbk);

  await expect(readRules(file)).rejects.toThrow('rules.yaml:1:2 is not UTF-8');
  await expect(saveRules(file, 'rules: []', '')).rejects.toThrow('rules.yaml:1:2 is not UTF-8');

  expect(await readFile(file)).toEqual(gbk);
});

it('the page leaves no file behind where the rules cannot be replaced, as where one file is mounted', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'oss-saveas-rules-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'rules.yaml');
  await writeFile(file, 'rules: []');
  const { version } = await readRules(file);
  vi.mocked(rename).mockRejectedValueOnce(new Error('EBUSY'));

  await expect(saveRules(file, 'rules: [] #', version)).rejects.toThrow('EBUSY');

  expect(await readdir(dir)).toEqual(['rules.yaml']);
});
