import { existsSync } from 'node:fs';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { OssError } from '../../src/local/oss/http/errors.ts';
import type { Route } from '../../src/local/oss/http/routes.ts';
import { pictures, startWith } from './backfill-fixture.ts';

/** Linux has a device that takes nothing. */
const hasFullDevice = existsSync('/dev/full');

/** Begins a backfill, so that its folder is there; answers the folders of all that were begun. */
async function jobFolders(run: (args: string[]) => Promise<unknown>, dir: string): Promise<string[]> {
  await run(['oss://photos/', '--max', '1', '--yes']);
  const names = await readdir(join(dir, '.backfill'));
  return names.map((name) => join(dir, '.backfill', name));
}

describe('a backfill that meets failures', () => {
  it('slows down where OSS throttles, and loses nothing by it', async () => {
    const { run, processed } = await startWith(pictures(30), { faults: { imageCallsPerSecond: 20 } });

    const { exitCode, out, err } = await run(['oss://photos/', '--yes']);

    expect(exitCode).toBe(0);
    expect(out).toContain('30 objects: 60 saved, 0 failed. Finished.');
    expect(processed.length).toBe(60);
    expect(err).toMatch(/, [1-9][\d.]* % throttled, 0 failed/);
  });

  it.runIf(hasFullDevice)(
    'a backfill stops when the disk is full, and goes on when it is not: only calls under way are made again',
    async () => {
      const faults = { rules: [{ fault: 'ImageTooLarge' as const, key: 'uploads/0060.jpg', count: 1 }] };
      const { run, dir, processed } = await startWith(pictures(120), { faults });
      const [folder = ''] = await jobFolders(run, dir);
      await rm(join(folder, 'failures.jsonl'), { force: true });
      await symlink('/dev/full', join(folder, 'failures.jsonl'));

      const full = await run(['oss://photos/', '--yes']);
      const made = processed.length;
      await rm(join(folder, 'failures.jsonl'));
      const { exitCode, out } = await run(['oss://photos/']);

      expect(full.exitCode).toBe(1);
      expect(full.err).toMatch(/ENOSPC: no space left on device.*\nThe disk is full: make room/);
      expect(full.out).toContain('Not finished: the same command continues.');
      expect(made).toBeLessThan(239);
      expect(exitCode).toBe(1);
      expect(out).toContain('120 objects: 239 saved, 1 failed. Finished.');
      expect(processed.length).toBe(239);
      expect(await readFile(join(folder, 'failures.jsonl'), 'utf8')).toContain('uploads/0060.jpg');
    },
  );

  it('a backfill goes on through a fault of minutes, in a listing too', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0); // No pause takes time.
    onTestFinished(() => void vi.restoreAllMocks());
    const { run, setFaults } = await startWith(pictures(3));
    const fault = { fault: 'DropBefore' as const, count: 10 };
    const rules = ['ListObjectsV2', 'ProcessObject'].map((operation) => ({ ...fault, operation }));

    const { exitCode, out } = await run(['oss://photos/'], {
      confirm: async () => {
        await setFaults({ rules });
        return true;
      },
    });

    expect([exitCode, out]).toEqual([0, expect.stringContaining('3 objects: 6 saved, 0 failed. Finished.')]);
  });

  it('a backfill says after a few attempts of an endpoint that has never answered that it does not', async () => {
    let attempts = 0;
    const hangUp: Route = ({ socket }) => {
      attempts += 1;
      socket.destroy();
      return Promise.resolve();
    };
    const { run } = await startWith({}, { routes: [hangUp] });

    const { exitCode, err } = await run(['oss://photos/']);

    expect([exitCode, err]).toEqual([1, expect.stringContaining('ListObjectsV2 oss://photos failed')]);
    expect(attempts).toBe(3);
  });

  it('a backfill keeps its pace where the clock of this machine is set back', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const processImage = async () => {
      vi.setSystemTime(Date.now() - 1_000_000); // Less than OSS takes for skew.
      return { body: Buffer.from('small'), contentType: 'image/jpeg' };
    };
    const { run } = await startWith(pictures(2), { processImage });

    const { out } = await run(['oss://photos/', '--yes', '--rate', '20']);

    expect(out).toContain('2 objects: 4 saved, 0 failed. Finished.');
  });

  it('a backfill stops when nothing but failures comes back, and given again tries them all', async () => {
    const faults = { rules: [{ fault: 'AccessDenied' as const, operation: 'ProcessObject' }] };
    const { dir, run, setFaults, processed } = await startWith(pictures(120), { faults });

    const { exitCode, err, out } = await run(['oss://photos/', '--yes']);
    await setFaults({});
    const again = await run(['oss://photos/']);

    expect(exitCode).toBe(1);
    expect(err).toContain('the last 100 outputs all failed, the last one with: ProcessObject oss://photos/');
    expect(out).toContain('Not finished');
    expect([again.exitCode, again.out]).toEqual([
      0,
      expect.stringContaining('120 objects: 240 saved, 0 failed. Finished.'),
    ]);
    expect(processed).toHaveLength(240);
    const [folder = ''] = await readdir(join(dir, '.backfill'));
    expect(await readFile(join(dir, '.backfill', folder, 'failures.jsonl'), 'utf8')).toBe('');
  });

  it('a backfill counts what may heal as failed where other outputs are made, the last ones too', async () => {
    const faults = {
      rules: [{ fault: 'AccessDenied' as const, operation: 'ProcessObject', key: 'uploads/000{2,9}.jpg' }],
    };
    const { run, dir } = await startWith(pictures(10), { faults });

    const { exitCode, out } = await run(['oss://photos/', '--yes']);

    expect([exitCode, out]).toEqual([
      1,
      expect.stringContaining('10 objects: 16 saved, 4 failed. Finished.'),
    ]);
    const [folder = ''] = await readdir(join(dir, '.backfill'));
    const failures = await readFile(join(dir, '.backfill', folder, 'failures.jsonl'), 'utf8');
    expect(failures.match(/uploads\/0002|uploads\/0009/g)).toHaveLength(4 * 2);
  });

  it('a backfill does not stop for pictures that are all broken, nor for objects that are gone', async () => {
    const faults = { rules: [{ fault: 'ImageTooLarge' as const, key: 'uploads/00??.jpg' }] };
    const { dir, run, processed } = await startWith(pictures(102), { faults });
    const keys = Array.from(
      { length: 240 },
      (_, i) => `oss://photos/uploads/${String(i).padStart(4, '0')}.jpg`,
    );
    const file = join(dir, 'keys.txt');
    await writeFile(file, keys.join('\n'));

    const { exitCode, out } = await run(['--keys', file, '--yes']);

    expect(out).toContain('240 objects: 4 saved, 200 failed, 138 source-missing. Finished.');
    expect([exitCode, processed.length]).toEqual([1, 4]);
  });

  it('a backfill takes an object for gone where OSS says so of it, and not of what a style reads', async () => {
    const processImage = () => Promise.reject(new OssError(404, 'NoSuchKey', 'The logo does not exist.'));
    const { run } = await startWith(pictures(1), { processImage });

    const { exitCode, out } = await run(['oss://photos/', '--yes']);

    expect([exitCode, out]).toEqual([1, expect.stringContaining('1 object: 0 saved, 2 failed. Finished.')]);
  });
});
