import { mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LogFields } from '../../src/log.ts';
import { useLocalFunctionCompute } from './fc/fixture.ts';
import { makeProject, put, silent, start } from './running-stack.ts';

useLocalFunctionCompute();

describe('a data folder', () => {
  it('a data folder that a living process uses is refused to another stack, and given back at the end', async () => {
    const project = makeProject();
    const first = await start({}, project);

    await expect(start({}, project)).rejects.toThrow(
      `The folder ${project.dataDir} is in use by process ${process.pid}, another local OSS.`,
    );
    expect((await put(first, 'uploads/a.jpg')).statusCode).toBe(200);
    await first.close();
    await expect(start({}, project)).resolves.toHaveProperty('url');
  });

  it('a data folder whose process was killed is taken over', async () => {
    const project = makeProject();
    mkdirSync(project.dataDir);
    writeFileSync(join(project.dataDir, 'lock'), '999999999');

    await expect(start({}, project)).resolves.toHaveProperty('url');
  });

  it('a data folder keeps what is sound when everything else in it is damaged, and tells where that went', async () => {
    const project = makeProject();
    const before = await start({}, project);
    await put(before, 'uploads/sound.jpg');
    await put(before, 'uploads/cut.jpg', 'c'.repeat(5000));
    await before.functionCompute.idle();
    await before.close();
    const oss = join(project.dataDir, 'oss');
    const objects = readdirSync(join(oss, 'buckets/photos'), { recursive: true, withFileTypes: true });
    const cut = objects.filter((entry) => entry.isFile() && entry.name.length === 64);
    for (const { parentPath, name } of cut.filter((entry) => sizeOf(entry) > 5000)) {
      truncateSync(join(parentPath, name), 100);
    }
    writeFileSync(join(oss, 'buckets/photos/settings.json'), '{"acl": "private", "styl');
    writeFileSync(join(oss, 'buckets/stray.txt'), 'stray');
    mkdirSync(join(oss, 'uploads/half'));
    writeFileSync(join(project.dataDir, 'queue/1.json'), '{"requ');

    const aside: string[] = [];
    const warn = (message: string, { path }: LogFields = {}) => {
      if (message === 'damaged file set aside') {
        aside.push(String(path));
      }
    };
    const after = await start({ log: { ...silent, warn } }, project);

    expect(aside.map((path) => path.slice(project.dataDir.length + 1)).sort()).toEqual([
      expect.stringMatching(/^oss\/buckets\/photos\/..\/[0-9a-f]{64}$/),
      'oss/buckets/photos/settings.json',
      'oss/buckets/stray.txt',
      'oss/uploads/half',
      'queue/1.json',
    ]);
    expect(readdirSync(join(oss, 'damaged'))).toHaveLength(4);
    expect(readdirSync(join(project.dataDir, 'damaged'))).toHaveLength(1);
    expect(after.oss.store.bucket('photos').keys).toEqual(['uploads/sound.jpg']);
  });
});

function sizeOf({ parentPath, name }: { parentPath: string; name: string }): number {
  return statSync(join(parentPath, name)).size;
}
