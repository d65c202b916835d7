import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { some, startWith } from './orphans-fixture.ts';

const gone = Array.from({ length: 150 }, (_, i) => `big/${String(i).padStart(3, '0')}.webp`);

describe('a deletion of orphans', () => {
  it.each([
    [2, 'small'],
    [1, 'big'],
  ])(
    'a deletion of orphans tells of a source that was uploaded meanwhile, and how to make its outputs again: %i of rule %s',
    async (count, rule) => {
      const { run, put, stored } = await startWith(some);

      const { exitCode, out, err } = await run(['--delete', '--rule', rule], async () => {
        await put('photos/uploads/gone.jpg');
        return true;
      });

      expect(exitCode).toBe(0);
      expect(out).toContain(`${count} removed`);
      expect(err).toContain(
        `\n${count} of them may belong to objects that were uploaded meanwhile. To make them again:\n`,
      );
      expect(err).toMatch(/\n {2}oss-saveas backfill … --only-missing --since 20.*Z\n$/);
      expect(await stored()).toContain('uploads/gone.jpg');
    },
  );

  it('a deletion of orphans that Ctrl-C ended begins with a new dry run, and asks about what it finds now', async () => {
    const kept = ['uploads/a.jpg', 'uploads/kept.jpg', 'big/kept.webp'];
    const { oss, run, stored, stopAfter } = await startWith([...kept, ...gone]);
    const { exitCode, out, err } = await stopAfter(40, [
      '--delete',
      '--yes',
      '--rule',
      'big',
      '--rate',
      '20',
    ]);
    await oss.call({ method: 'DELETE', bucket: 'photos', key: 'uploads/a.jpg' });
    await oss.call({ method: 'DELETE', bucket: 'photos', key: 'uploads/kept.jpg' });
    const left = (await stored()).length;
    const questions: string[] = [];

    const piped = await run(['--delete', '--rule', 'big']);
    const refused = await run(['--delete', '--rule', 'big'], (question) =>
      Promise.resolve(questions.push(question) < 1),
    );
    expect(await stored()).toHaveLength(left);
    const second = await run(['--delete', '--rule', 'big', '--yes']);

    expect(exitCode).toBe(130);
    expect(err).toContain('\nWaiting for the calls in progress; Ctrl-C again ends at once.\n');
    expect(out).toMatch(/\n\d+ removed, 0 failed\b.*\.\n$/);
    expect(left).toBeGreaterThan(1);
    expect([piped.exitCode, refused.exitCode]).toEqual([0, 0]);
    expect(questions).toEqual([`Delete ${left} objects for good?`]);
    for (const { out: shown } of [piped, refused, second]) {
      expect(shown).toContain('There is no source at all: is this the right bucket?');
    }
    expect(second.out).toContain(`${left} removed, 0 failed.`);
    expect(await stored()).toEqual([]);
  });

  it('a deletion of orphans leaves nothing behind but what it says, and asks nobody where none is left', async () => {
    const { run, dir } = await startWith(some);
    const questions: string[] = [];

    await run(['--delete', '--yes', '--rule', 'big']);
    const { out } = await run(['--delete', '--rule', 'big'], (question) =>
      Promise.resolve(questions.push(question) > 0),
    );

    expect([questions, out]).toEqual([[], expect.not.stringContaining('For example')]);
    expect(await readdir(dir)).toEqual(['rules.yaml']);
  });

  it('a deletion of orphans ends with 1 where some could not be deleted, and says why', async () => {
    const faults = { rules: [{ fault: 'AccessDenied' as const, operation: 'DeleteObject', count: 1 }] };
    const { run, stored } = await startWith(some, { faults });

    const { exitCode, out, err } = await run(['--delete', '--yes', '--rule', 'small']);

    expect(exitCode).toBe(1);
    expect(out).toContain('1 removed, 1 failed');
    expect(err).toMatch(
      /^DeleteObject oss:\/\/photos\/small\/uploads\/gone\.jpg-.* failed: 403 AccessDenied: .*\n$/m,
    );
    expect((await stored()).filter((key) => key?.includes('gone.jpg'))).toHaveLength(1);
  });

  it('a deletion of orphans shows ten orphans first, then twenty failures and the number of the others', async () => {
    const faults = { rules: [{ fault: 'AccessDenied' as const, operation: 'DeleteObject', count: 30 }] };
    const { run } = await startWith(gone, { faults });

    const { exitCode, out, err } = await run(['--delete', '--yes', '--rule', 'big']);

    expect([exitCode, out]).toEqual([1, expect.stringContaining('120 removed, 30 failed.')]);
    expect(out.match(/^ {2}oss:/gm)).toHaveLength(10);
    expect(err.match(/^DeleteObject /gm)).toHaveLength(20);
    expect(err).toMatch(/\n10 more failed\n$/);
  });

  it('a deletion of orphans stops when nothing but failures comes back', async () => {
    const faults = { rules: [{ fault: 'AccessDenied' as const, operation: 'DeleteObject' }] };
    const { run, stored } = await startWith(gone, { faults });

    const { exitCode, err } = await run(['--delete', '--yes', '--rule', 'big']);

    expect([exitCode, err]).toEqual([1, expect.stringContaining('the last 100 outputs all failed')]);
    expect(await stored()).toHaveLength(gone.length);
  });

  it('a deletion of orphans goes on while some can be deleted, however many cannot', async () => {
    const faults = {
      rules: [{ fault: 'AccessDenied' as const, operation: 'DeleteObject', key: 'big/*[1-9].webp' }],
    };
    const { run } = await startWith(gone, { faults });

    const { out, err } = await run(['--delete', '--yes', '--rule', 'big']);

    expect(out).toContain('15 removed, 135 failed.');
    expect(err).not.toContain('all failed');
  });
});
