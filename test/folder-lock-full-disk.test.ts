/* A start that has no room for the lock of its folder, and the next one. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { lockFolder } from '../src/folder-lock.ts';

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const writeFileSync: typeof fs.writeFileSync = (path, _, options) => {
    fs.writeFileSync(path, '', options);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  return { ...fs, writeFileSync };
});

it('a start that has no room for the lock of its folder leaves none that keeps the next one out', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));

  expect(() => lockFolder(dir, (pid) => `${pid} has it`)).toThrow('ENOSPC');

  expect(readdirSync(dir)).toEqual([]);
  rmSync(dir, { recursive: true });
});
