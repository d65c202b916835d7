import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { lockFolder, makeFolder } from '../src/folder-lock.ts';

it('a folder is locked even if its old lock disappears while it is read', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));
  symlinkSync('gone', join(dir, 'lock'));
  const refuse = (pid: number) => `${pid} has it`;

  const unlock = lockFolder(dir, refuse);

  expect(() => lockFolder(dir, refuse)).toThrow(
    `${process.pid} has it If that is not oss-saveas, remove ${join(dir, 'lock')}.`,
  );
  unlock();
  rmSync(dir, { recursive: true });
});

it('a folder is taken from a process that was killed, though this one has its id', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));
  writeFileSync(join(dir, 'lock'), String(process.pid));

  const unlock = lockFolder(dir, (pid) => `${pid} has it`);

  expect(() => lockFolder(dir, (pid) => `${pid} has it`)).toThrow('has it');
  unlock();
  rmSync(dir, { recursive: true });
});

it('no folder is taken from a process that belongs to another user', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));
  writeFileSync(join(dir, 'lock'), '4711');
  const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
  });
  onTestFinished(() => kill.mockRestore());

  expect(() => lockFolder(dir, (pid) => `${pid} has it`)).toThrow('4711 has it');

  rmSync(dir, { recursive: true });
});

/** Has another start do something in the moment in which ours finds that process 4711 was killed. */
function meanwhile(work: () => void): void {
  const kill = vi.spyOn(process, 'kill').mockImplementation((pid) => {
    if (pid !== 4711) {
      return true;
    }
    work();
    throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
  });
  onTestFinished(() => kill.mockRestore());
}

it('no folder is taken that another start took from a killed process at the same moment', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));
  writeFileSync(join(dir, 'lock'), '4711');
  meanwhile(() => writeFileSync(join(dir, 'lock'), '815'));

  expect(() => lockFolder(dir, (pid) => `${pid} has it`)).toThrow('815 has it');

  expect(readdirSync(dir)).toEqual(['lock']);
  rmSync(dir, { recursive: true });
});

it('no folder is taken whose lock another start has made, and not yet written its id to', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));
  writeFileSync(join(dir, 'lock'), '');

  expect(() => lockFolder(dir, (pid) => `${pid} has it`)).toThrow('0 has it');

  rmSync(dir, { recursive: true });
});

it('a folder is taken whose lock lost its id as the power failed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));
  writeFileSync(join(dir, 'lock'), '');
  utimesSync(join(dir, 'lock'), 1_000, 1_000);

  const unlock = lockFolder(dir, (pid) => `${pid} has it`);

  expect(() => lockFolder(dir, (pid) => `${pid} has it`)).toThrow(`${process.pid} has it`);
  unlock();
  rmSync(dir, { recursive: true });
});

it('a folder is taken whose lock is damaged', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));
  writeFileSync(join(dir, 'lock'), '\0\0\0');

  lockFolder(dir, (pid) => `${pid} has it`)();

  expect(readdirSync(dir)).toEqual([]);
  rmSync(dir, { recursive: true });
});

it('a folder is taken whose stale lock another start removed at the same moment', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lock-'));
  writeFileSync(join(dir, 'lock'), '4711');
  meanwhile(() => rmSync(join(dir, 'lock')));

  const unlock = lockFolder(dir, (pid) => `${pid} has it`);

  expect(readdirSync(dir)).toEqual(['lock']);
  unlock();
  rmSync(dir, { recursive: true });
});

it('a folder is made with those above it, and one that is there is taken', () => {
  const dir = mkdtempSync(join(tmpdir(), 'made-'));

  makeFolder(join(dir, 'a/b'));
  makeFolder(join(dir, 'a/b'));
  makeFolder('.');

  expect(existsSync(join(dir, 'a/b'))).toBe(true);
  rmSync(dir, { recursive: true });
});

it('a sentence says that a folder cannot be made, below a file and below /proc too', () => {
  const dir = mkdtempSync(join(tmpdir(), 'made-'));
  const file = join(dir, 'file');
  writeFileSync(file, '');

  expect(() => makeFolder(file)).toThrow(`The folder ${file} cannot be made: EEXIST`);
  expect(() => makeFolder(join(file, 'a'))).toThrow(/^The folder \S+ cannot be made: ENOTDIR/);
  expect(() => makeFolder('/proc/none/a')).toThrow(
    /^The folder \/proc\/none\/a cannot be made: (ENOENT|EROFS|EACCES)/,
  );
  rmSync(dir, { recursive: true });
});
