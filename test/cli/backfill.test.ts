import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { OssError } from '../../src/local/oss/http/errors.ts';
import type { Route } from '../../src/local/oss/http/routes.ts';
import { pictures, rulesText, startWith } from './backfill-fixture.ts';

/** Linux has a device that takes nothing. */
const hasFullDevice = existsSync('/dev/full');

/** Begins a backfill, so that its folder is there; answers the folders of all that were begun. */
async function jobFolders(run: (args: string[]) => Promise<unknown>, dir: string): Promise<string[]> {
  await run(['oss://photos/', '--max', '1', '--yes']);
  const names = await readdir(join(dir, '.backfill'));
  return names.map((name) => join(dir, '.backfill', name));
}

describe('a backfill', () => {
  it('a backfill is a dry run into a pipe: it says what it would do, and does nothing', async () => {
    const { run, processed } = await startWith({ ...pictures(3), 'uploads/a.txt': 'x', 'other/b.jpg': 'x' });

    const { exitCode, out, err } = await run(['oss://photos/']);

    expect(exitCode).toBe(0);
    expect(processed).toEqual([]);
    expect(out).toContain('4 seen, 3 taken by a rule');
    expect(out).toMatch(/outputs +6\n/);
    expect(out).toMatch(/left alone +1 no-rule-matched/);
    expect(out).toContain('oss://photos/uploads/0001.jpg -> oss://photos/small/');
    expect(err).toBe('This was a dry run. Give --yes to start.\n');
  });

  it('a backfill asks a person before it starts', async () => {
    const { run, processed } = await startWith(pictures(1));
    const questions: string[] = [];
    const answer = (yes: boolean) => (question: string) => {
      questions.push(question);
      return Promise.resolve(yes);
    };

    const refused = await run(['oss://photos/'], { confirm: answer(false) });
    expect([refused.exitCode, processed.length]).toEqual([0, 0]);
    const accepted = await run(['oss://photos/'], { confirm: answer(true) });

    expect([accepted.exitCode, processed.length]).toEqual([0, 2]);
    expect(questions).toEqual(['Start?', 'Start?']);
  });

  it('makes every output once and says what became of it', async () => {
    const { run, processed, keys } = await startWith({
      ...pictures(150),
      'uploads/big.jpg': 'b'.repeat(2_000),
    });

    const { exitCode, out } = await run(['--bucket', 'photos', '--yes']);

    expect(exitCode).toBe(0);
    expect(out).toContain('151 objects: 303 saved, 0 failed. Finished.');
    expect(new Set(processed).size).toBe(303);
    expect(processed.length).toBe(303);
    expect(await keys('big/')).toEqual(['big/big.jpg']);
  });

  it('a backfill goes on after Ctrl-C where it was, without a question, and pays for nothing twice', async () => {
    const { begin, run, processed } = await startWith(pictures(120));
    const first = begin(['oss://photos/', '--yes']);
    while (processed.length < 40) {
      await setTimeout(5);
    }
    first.stop.abort();
    const { exitCode, out } = await first.ended;
    const done = processed.length;

    const second = await run(['oss://photos/']);

    expect(exitCode).toBe(130);
    expect(out).toMatch(/Not finished: the same command goes on\.\n$/);
    expect(done).toBeLessThan(240);
    expect(second.err).toMatch(/^Going on: \d+ saved, 0 failed since /);
    expect(second.out).toContain('120 objects: 240 saved, 0 failed. Finished.');
    expect(processed.length).toBe(240);
    expect(new Set(processed).size).toBe(240);
  });

  it('counts the copies by which outputs get their properties, in the dry run too', async () => {
    const { oss, run, rules, processed, keys } = await startWith(pictures(3));
    await writeFile(
      rules,
      rulesText.replace('        vary:', '        headers: { Expires: "0" }\n        vary:'),
    );

    const dry = await run(['oss://photos/']);
    const { out } = await run(['oss://photos/', '--yes']);

    expect(dry.out).toMatch(/6 HEAD requests, and 6\s+copies of outputs onto themselves/);
    expect(out).toContain('6 saved');
    expect(processed).toHaveLength(6);
    const { headers } = await oss.call({
      method: 'HEAD',
      bucket: 'photos',
      key: oss.events.at(-1)?.oss.object.key ?? '',
    });
    expect(headers).toMatchObject({ expires: '0' });

    await writeFile(
      rules,
      rulesText.replace('        vary:', '        headers: { Expires: "1" }\n        vary:'),
    );
    const again = await run(['oss://photos/', '--only-missing', '--yes']);

    expect(again.out).toContain('6 saved');
    expect(processed).toHaveLength(6);
    const [changed] = (await keys('small/')).slice(-1);
    expect((await oss.call({ method: 'HEAD', bucket: 'photos', key: changed ?? '' })).headers).toMatchObject({
      expires: '1',
    });
  });

  it.each([
    ['', '', 0],
    ['onRemove: delete', '', 4],
    ['', 'refresh: missing', 4],
    ['onRemove: delete', 'refresh: stale, checkSource: true', 12],
    ['', 'skipLarger: true, checkSource: true', 8],
    ['', 'skipLarger: true, headers: { Expires: "0" }', 4],
  ])(
    'the dry run of a backfill counts the HEAD requests of a rule with {%s}, an output with {%s}',
    async (ofRule, ofOutput, count) => {
      let heads = 0;
      const countHeads: Route = ({ method }) => {
        heads += Number(method === 'HEAD');
        return undefined;
      };
      const { run, rules } = await startWith(pictures(4), { routes: [countHeads] });
      const options = [ofOutput, 'style: "image/resize,w_1"', 'target: { key: "small/{name}.jpg" }'];
      const outputs = `outputs: [{ ${options.filter(Boolean).join(', ')} }]`;
      const match = 'match: { key: "uploads/*.jpg" }';
      await writeFile(rules, `rules:\n  - name: small\n    ${match}\n    ${outputs}\n    ${ofRule}\n`);

      const { out } = await run(['oss://photos/', '--yes']);

      expect(out).toContain(` ${count} HEAD requests`);
      expect(heads).toBe(count);
    },
  );

  it('begins anew, with a dry run, when the same command is given after it has finished', async () => {
    const { run, processed } = await startWith(pictures(2));
    await run(['oss://photos/', '--yes']);

    const { out, err } = await run(['oss://photos/']);

    expect(err).toBe('This was a dry run. Give --yes to start.\n');
    expect(out).toContain('Dry run over');
    expect(processed.length).toBe(4);
  });

  it('a backfill ends after --max objects, and given again goes on behind them', async () => {
    const { run, processed } = await startWith({ 'uploads/0.txt': 'no rule takes it', ...pictures(10) });

    await run(['oss://photos/', '--max', '4', '--yes']);
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
      'this backfill is not finished (4 saved, 0 failed): give --yes to go on, or --restart to begin anew.',
    );
    expect(questions).toEqual(['this backfill is not finished (4 saved, 0 failed). Go on?']);
    expect(processed.length).toBe(4);
  });

  it('a backfill is not carried on at another endpoint than the one that was asked about', async () => {
    const { oss, begin, run, processed } = await startWith(pictures(120));
    const other = await startWith(pictures(120));
    const first = begin(['oss://photos/', '--yes']);
    while (processed.length < 4) {
      await setTimeout(5);
    }
    first.stop.abort();
    await first.ended;
    const questions: string[] = [];

    const elsewhere = ['oss://photos/', '--endpoint', other.oss.url];
    const piped = await run([...elsewhere, '--yes']);
    const asked = await run(elsewhere, {
      confirm: (question) => Promise.resolve(questions.push(question) < 2),
    });
    const again = await run(['oss://photos/', '--region', 'cn-shanghai', '--yes']);

    expect([piped.exitCode, asked.exitCode, again.exitCode]).toEqual([2, 0, 2]);
    const places = `was ${oss.url} in cn-hangzhou when this backfill began, and is ${other.oss.url} in cn-hangzhou`;
    expect(piped.err).toContain(`the endpoint ${places} (`);
    expect(questions).toEqual([expect.stringContaining('Begin anew?'), 'Start?']);
    expect(again.err).toContain('in cn-shanghai (');
    expect(other.processed).toEqual([]);
  });

  it('notices that the rules changed, and asks', async () => {
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
    expect(questions).toEqual([expect.stringMatching(/^the rules changed .* Begin anew\?$/), 'Start?']);
    expect(asked.exitCode).toBe(0);
    expect(processed.length).toBe(4 + 12);
  });

  it('writes what failed into a file, which fed back in tries exactly that again', async () => {
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
    expect(again.out).toContain('1 object: 1 saved, 0 failed. Finished.');
    expect(processed).toEqual(['p1 image/resize,w_100']);
  });

  it('slows down where OSS throttles, and loses nothing by it', async () => {
    const { run, processed } = await startWith(pictures(30), { faults: { imageCallsPerSecond: 20 } });

    const { exitCode, out, err } = await run(['oss://photos/', '--yes']);

    expect(exitCode).toBe(0);
    expect(out).toContain('30 objects: 60 saved, 0 failed. Finished.');
    expect(processed.length).toBe(60);
    expect(err).toMatch(/, [1-9][\d.]* % throttled, 0 failed/);
  });

  it.runIf(hasFullDevice)(
    'stops when the disk is full, and goes on when it is not: only calls under way are made again',
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
      expect(full.err).toContain('ENOSPC: no space left on device');
      expect(full.out).toContain('Not finished: the same command goes on.');
      expect(made).toBeLessThan(240);
      expect(exitCode).toBe(0);
      expect(out).toContain('120 objects: 240 saved, 0 failed. Finished.');
      expect(processed.length).toBe(240);
    },
  );

  it('goes on through a fault of minutes, in a listing too', async () => {
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

  it('says soon of an endpoint that has never answered that it does not', async () => {
    const faults = { rules: [{ fault: 'DropBefore' as const, operation: 'ListObjectsV2' }] };
    const { run } = await startWith(pictures(1), { faults });
    const startMs = performance.now();

    const { exitCode, err } = await run(['oss://photos/']);

    expect([exitCode, err]).toEqual([1, expect.stringContaining('ListObjectsV2 oss://photos failed')]);
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });

  it('keeps its pace where the clock of this machine is set back', async () => {
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

  it('keeps a journal for each file of rules', async () => {
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

  it('leaves an empty folder that --journal names where it is', async () => {
    const { run, dir } = await startWith(pictures(1));
    const journal = join(dir, 'mine');
    await mkdir(journal);

    await run(['oss://photos/', '--journal', journal]);
    await run(['oss://photos/', '--journal', join(dir, 'made')]);

    expect((await readdir(dir)).sort()).toEqual(['mine', 'rules.yaml']);
    expect(await readdir(journal)).toEqual([]);
  });

  it('stops when nothing but failures comes back, and given again tries them all', async () => {
    const faults = { rules: [{ fault: 'AccessDenied' as const, operation: 'ProcessObject' }] };
    const { dir, run, setFaults, processed } = await startWith(pictures(120), { faults });

    const { exitCode, err, out } = await run(['oss://photos/', '--yes']);
    await setFaults({});
    const again = await run(['oss://photos/']);

    expect(exitCode).toBe(1);
    expect(err).toContain('the last 100 outputs all failed, the very last by: ProcessObject oss://photos/');
    expect(out).toContain('Not finished');
    expect([again.exitCode, again.out]).toEqual([
      0,
      expect.stringContaining('120 objects: 240 saved, 0 failed. Finished.'),
    ]);
    expect(processed).toHaveLength(240);
    const [folder = ''] = await readdir(join(dir, '.backfill'));
    expect(await readdir(join(dir, '.backfill', folder))).toEqual(['journal.jsonl']);
  });

  it('counts what may heal as failed where other outputs are made, the last ones too', async () => {
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

  it('does not stop for pictures that are all broken, nor for objects that are gone since they were listed', async () => {
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

  it('takes an object for gone only where OSS says so of itself, and not of what a style reads beside it', async () => {
    const processImage = () => Promise.reject(new OssError(404, 'NoSuchKey', 'The logo does not exist.'));
    const { run } = await startWith(pictures(1), { processImage });

    const { exitCode, out } = await run(['oss://photos/', '--yes']);

    expect([exitCode, out]).toEqual([1, expect.stringContaining('1 object: 0 saved, 2 failed. Finished.')]);
  });
});

describe('a backfill that is given the wrong way', () => {
  it.each<[string[], string]>([
    [[], 'rule "small" takes objects of any bucket: say which by --bucket.'],
    [['oss://photos/uploads/*.jpg'], 'expected oss://bucket/prefix/'],
    [['oss://photos/', '--keys', 'a.txt'], 'name the objects in one way'],
    [['oss://photos/elsewhere/'], 'the rules take nothing of what lies there'],
    [['oss://photos/', '--rule', 'smal'], 'no rule has the name "smal" (did you mean "small"?)'],
    [['oss://photos/', '--share', '2'], '--share: expected a number above 0 and up to 1, received "2"'],
    [['oss://photos/', '--max', 'many'], '--max: expected a whole number above 0, received "many"'],
    [['oss://photos/', '--max', '1.5'], '--max: expected a whole number above 0, received "1.5"'],
    [['oss://photos/', '--max', 'Infinity'], '--max: expected a whole number above 0, received "Infinity"'],
    [['oss://photos/', '--since', '2026-01-31T18:00'], '--since: expected a date such as 2026-01-31'],
    [['oss://photos/', '--until', '2026-02-30'], '--until: expected a date such as 2026-01-31'],
    [['oss://photos/', '--since', 'yesterday'], '--since: expected a date such as 2026-01-31'],
    [
      ['oss://photos/', '--since', '2026-02-01', '--until', '2026-01-31'],
      '--since: expected a time before that of --until, received "2026-02-01".',
    ],
    [
      ['oss://photos/', '--since', '2026-01-31', '--until', '2026-01-31T00:00Z'],
      '--since: expected a time before that of --until, received "2026-01-31".',
    ],
  ])('a backfill that is given the wrong way says so: %j', async (args, message) => {
    const { run } = await startWith({});

    const { exitCode, err } = await run(args);

    expect(err).toContain(message);
    expect(exitCode).toBe(2);
  });

  it('a backfill refuses an empty standard input by its name, and leaves nothing behind', async () => {
    const { run, dir } = await startWith({});

    const { exitCode, err } = await run(['--keys', '-']);

    expect([exitCode, err]).toEqual([
      2,
      'oss-saveas backfill: the standard input is empty, and names no object.\n',
    ]);
    expect(existsSync(join(dir, '.backfill'))).toBe(false);
  });

  it('a backfill writes away the standard input as it comes, and a dry run leaves nothing of it', async () => {
    const { run, dir } = await startWith(pictures(1));
    let writtenBytes = 0;
    async function* input() {
      for (let i = 0; i < 20; i += 1) {
        yield Buffer.from('other/key\n'.repeat(10_000));
      }
      const files = await readdir(dir, { recursive: true, withFileTypes: true });
      const sizes = files.map(({ parentPath, name }) => statSync(join(parentPath, name)).size);
      writtenBytes = Math.max(...sizes);
      yield Buffer.from('uploads/0000.jpg');
    }

    const { out } = await run(['--keys', '-', '--bucket', 'photos'], { input: input() });

    expect(out).toContain('200,001 seen, 1 taken by a rule');
    expect(writtenBytes).toBeGreaterThan(1_000_000);
    expect(await readdir(dir)).toEqual(['rules.yaml']);
  });

  it('a backfill keeps the standard input until it is finished, since whoever wrote it may not do so again', async () => {
    const { run, dir, processed } = await startWith(pictures(3));
    const input = 'uploads/0000.jpg\nuploads/0001.jpg\nuploads/0002.jpg\n';
    const args = ['--keys', '-', '--bucket', 'photos', '--yes'];
    const copies = async () => {
      const names = await readdir(join(dir, '.backfill'), { recursive: true });
      return names.filter((name) => name.includes('standard-input'));
    };

    await run([...args, '--max', '2'], { input });
    await run(args, { input: '' });
    const [copy = ''] = await copies();
    const kept = createReadStream(join(dir, '.backfill', copy));
    const { exitCode, out } = await run(args, { input: kept });

    expect([exitCode, out]).toEqual([0, expect.stringContaining('3 objects: 6 saved, 0 failed. Finished.')]);
    expect(processed).toHaveLength(6);
    expect(await copies()).toEqual([]);
  });

  it('a backfill that is stopped while it reads the standard input leaves nothing behind', async () => {
    const { begin, dir } = await startWith(pictures(1));
    const input = new PassThrough();
    input.write('uploads/0000.jpg\n');
    const { stop, ended } = begin(['--keys', '-', '--bucket', 'photos'], { input });
    await setTimeout(200);

    stop.abort();

    expect((await ended).exitCode).toBe(130);
    expect(await readdir(dir)).toEqual(['rules.yaml']);
  });

  it('a backfill refuses a list with a line that names no object, and shows the line', async () => {
    const { run } = await startWith({});

    const { exitCode, err } = await run(['--keys', '-'], { input: 'oss://photos/a\nphotos/b\n' });

    expect(err).toContain('the standard input, line 2: expected oss://bucket/key, received');
    expect(exitCode).toBe(1);
  });
});
