import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockFolder } from '../src/folder-lock.ts';

it('takes a folder whose lock is gone by the time that its holder is read', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));
  symlinkSync('gone', join(dir, 'lock'));
  const refuse = (pid: number) => `${pid} has it`;

  const unlock = lockFolder(dir, refuse);

  expect(() => lockFolder(dir, refuse)).toThrow(`${process.pid} has it`);
  unlock();
  rmSync(dir, { recursive: true });
});
