import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/local/oss/http/routes.ts';
import { pictures, rulesText, startWith } from './backfill-fixture.ts';

describe('a backfill that is given again', () => {
  it('a backfill goes on after Ctrl-C where it was, unasked, and pays for nothing twice', async () => {
    const { stopAfter, run, processed } = await startWith(pictures(120));
    const { exitCode, out } = await stopAfter(40, ['oss://photos/', '--yes']);
    const done = processed.length;

    const second = await run(['oss://photos/']);

    expect(exitCode).toBe(130);
    expect(out).toMatch(/Not finished: the same command continues\.\n$/);
    expect(done).toBeLessThan(240);
    expect(second.err).toMatch(/^Continuing: \d+ saved, 0 failed since /);
    expect(second.out).toContain('120 objects: 240 saved, 0 failed. Finished.');
    expect(processed.length).toBe(240);
    expect(new Set(processed).size).toBe(240);
  });

  it('a backfill goes on after Ctrl-C without asking for the size of objects that are done', async () => {
    const asked: string[] = [];
    const noteHeads: Route = ({ method, url = '' }) => {
      asked.push(...(method === 'HEAD' ? [url] : []));
      return undefined;
    };
    const { stopAfter, run, dir, processed } = await startWith(pictures(120), { routes: [noteHeads] });
    const file = join(dir, 'keys.txt');
    await writeFile(file, Object.keys(pictures(120)).join('\n'));
    const args = ['--keys', file, '--bucket', 'photos', '--yes'];
    await stopAfter(180, args);
    const sources = processed.map((call) => call.split(' ')[0]);
    const doneCount = sources.length - new Set(sources).size;
    asked.length = 0;

    const { out } = await run(args);

    expect(out).toContain('120 objects: 240 saved, 0 failed. Finished.');
    expect(processed.length).toBe(240);
    expect(doneCount).toBeGreaterThan(30);
    expect(asked.length).toBe(120 - doneCount);
  });

  it('a backfill begins anew, with a dry run, when the same command is given after it has finished', async () => {
    const { run, processed } = await startWith(pictures(2));
    await run(['oss://photos/', '--yes']);

    const { out, err } = await run(['oss://photos/']);

    expect(err).toBe('This was a dry run. Give --yes to start.\n');
    expect(out).toContain('Dry run over');
    expect(processed.length).toBe(4);
  });

  it('a backfill ends after --max objects, and given again goes on behind them', async () => {
    const { run, processed } = await startWith({ 'uploads/0.txt': 'no rule takes it', ...pictures(10) });

    const first = await run(['oss://photos/', '--max', '4', '--yes']);
    expect(first.out).toMatch(/ {2}this run +ends after 4 of the objects \(--max\)\n/);
    expect(processed.length).toBe(8);
    await run(['oss://photos/', '--max', '4', '--yes']);
    expect(processed.length).toBe(16);
    const { out } = await run(['oss://photos/', '--yes']);

    expect(new Set(processed).size).toBe(20);
    expect(processed.length).toBe(20);
    expect(out).toContain('11 objects: 20 saved, 0 failed, 1 no-rule-matched. Finished.');
  });

  it('a backfill of just --max objects is finished', async () => {
    const { run } = await startWith(pictures(4));

    const { out } = await run(['oss://photos/', '--max', '4', '--yes']);

    expect(out).toContain('4 objects: 8 saved, 0 failed. Finished.');
  });

  it('a backfill that was begun with --max asks before it goes on, since no more was agreed to', async () => {
    const { run, processed } = await startWith(pictures(6));
    await run(['oss://photos/', '--max', '2', '--yes']);
    const questions: string[] = [];

    const piped = await run(['oss://photos/']);
    const refused = await run(['oss://photos/'], {
      confirm: (question) => Promise.resolve(questions.push(question) < 1),
    });

    expect([piped.exitCode, refused.exitCode]).toEqual([2, 0]);
    expect(piped.err).toContain(
      'this backfill is not finished (4 saved, 0 failed): give --yes to continue, or --restart to start over.',
    );
    expect(questions).toEqual(['this backfill is not finished (4 saved, 0 failed). Continue?']);
    expect(processed.length).toBe(4);
  });

  it('a backfill at another endpoint is another one, and each goes on where it was', async () => {
    const { stopAfter, run, processed } = await startWith(pictures(120));
    const other = await startWith(pictures(120));
    await stopAfter(4, ['oss://photos/', '--yes']);

    const elsewhere = await run(['oss://photos/', '--endpoint', other.oss.url, '--yes']);
    const again = await run(['oss://photos/', '--yes']);

    expect([elsewhere.out, again.out]).toEqual([
      expect.stringContaining('120 objects: 240 saved, 0 failed. Finished.'),
      expect.stringContaining('120 objects: 240 saved, 0 failed. Finished.'),
    ]);
    expect([other.processed.length, new Set(processed).size]).toEqual([240, 240]);
    expect(again.err).toContain('Continuing:');
  });

  it('a backfill notices that the rules changed, and asks', async () => {
    const { run, rules, processed } = await startWith(pictures(6));
    await run(['oss://photos/', '--max', '2', '--yes']);
    await writeFile(rules, rulesText.replace('[100, 200]', '[100, 300]'));

    const piped = await run(['oss://photos/', '--yes']);
    const questions: string[] = [];
    const asked = await run(['oss://photos/'], {
      confirm: (question) => Promise.resolve(questions.push(question) < 3),
    });

    expect(piped.exitCode).toBe(2);
    expect(piped.err).toContain(
      'the rules changed since this backfill began (4 saved, 0 failed): give --restart',
    );
    expect(questions).toEqual([expect.stringMatching(/^the rules changed .* Start over\?$/), 'Start?']);
    expect(asked.exitCode).toBe(0);
    expect(processed.length).toBe(4 + 12);
  });

  it('a backfill writes what failed into a file, which fed back in tries exactly that again', async () => {
    const faults = {
      rules: [{ fault: 'ImageTooLarge' as const, operation: 'ProcessObject', key: '**/0001.jpg', count: 1 }],
    };
    const { run, dir, processed } = await startWith(pictures(3), { faults });

    const { exitCode, out, err } = await run(['oss://photos/', '--yes']);
    const [, file = ''] = /--keys (.*)\n$/.exec(err) ?? [];
    const failures = (await readFile(file, 'utf8')).trim().split('\n');
    processed.length = 0;
    const again = await run(['--keys', file, '--yes']);

    expect(exitCode).toBe(1);
    expect(out).toContain('3 objects: 5 saved, 1 failed. Finished.');
    expect(file.startsWith(join(dir, '.backfill'))).toBe(true);
    expect(failures.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ source: 'oss://photos/uploads/0001.jpg', code: 'ImageTooLarge' }),
    ]);
    expect(again.exitCode).toBe(0);
    expect(again.out).toMatch(/^ {2}outputs +1 at most$/m);
    expect(again.out).toContain('1 object: 1 saved, 0 failed. Finished.');
    expect(processed).toEqual(['p1 image/resize,w_100']);
  });

  it('a backfill begins anew by --restart whatever its journal says, and keeps the file of failures', async () => {
    const { run, dir, processed } = await startWith(pictures(2));
    await run(['oss://photos/', '--max', '1', '--yes']);
    const [name = ''] = await readdir(join(dir, '.backfill'));
    const folder = join(dir, '.backfill', name);
    await writeFile(join(folder, 'journal.jsonl'), '{"of":"another version"}\n');
    await writeFile(join(folder, 'failures.jsonl'), 'what failed\n');

    const goingOn = await run(['oss://photos/', '--yes']);
    const dryRun = await run(['oss://photos/', '--restart']);
    const anew = await run(['oss://photos/', '--restart', '--yes']);

    expect([goingOn.exitCode, dryRun.exitCode, anew.exitCode]).toEqual([1, 0, 0]);
    expect(goingOn.err).toContain('no journal of this version of oss-saveas: give --restart to start over.');
    expect(dryRun.err).toBe('This was a dry run. Give --yes to start.\n');
    expect(anew.out).toContain('2 objects: 4 saved, 0 failed. Finished.');
    expect(processed).toHaveLength(2 + 4);
    const kept = (await readdir(folder)).filter((file) => file.startsWith('failures.jsonl.before-'));
    expect(await readFile(join(folder, kept[0] ?? ''), 'utf8')).toBe('what failed\n');
  });

  it('a backfill keeps a journal for each file of rules', async () => {
    const { run, rules, processed } = await startWith(pictures(4));
    const other = rules.replace('rules.yaml', 'other.yaml');
    await writeFile(other, rulesText.replace('[100, 200]', '[300]'));
    await run(['oss://photos/', '--max', '1', '--yes']);

    const beside = await run(['oss://photos/', '--rules', other, '--yes']);
    const first = await run(['oss://photos/', '--yes']);

    expect(beside.out).toContain('4 objects: 4 saved, 0 failed. Finished.');
    expect([first.exitCode, first.out]).toEqual([
      0,
      expect.stringContaining('4 objects: 8 saved, 0 failed. Finished.'),
    ]);
    expect(processed).toHaveLength(12);
  });

  it.each([
    [['oss://photos/uploads/']],
    [['--bucket', 'photos']],
    [['oss://photos/', '--rule', 'small']],
    [['oss://photos/', '--only-missing']],
    [['oss://photos/', '--since', '2026-01-31']],
  ])(
    'a backfill of other objects or outputs is another one, which begins with a dry run: %j',
    async (args) => {
      const { run } = await startWith(pictures(2));
      await run(['oss://photos/', '--max', '1', '--yes']);

      const other = await run(args);
      const same = await run(['oss://photos/']);

      expect(other).toMatchObject({ exitCode: 0, err: 'This was a dry run. Give --yes to start.\n' });
      expect(same).toMatchObject({ exitCode: 2, err: expect.stringContaining('is not finished') });
    },
  );

  it('a backfill leaves an empty folder that --journal names where it is', async () => {
    const { run, dir } = await startWith(pictures(1));
    const journal = join(dir, 'mine');
    await mkdir(journal);

    await run(['oss://photos/', '--journal', journal]);
    await run(['oss://photos/', '--journal', join(dir, 'made')]);

    expect((await readdir(dir)).sort()).toEqual(['mine', 'rules.yaml']);
    expect(await readdir(journal)).toEqual([]);
  });
});
