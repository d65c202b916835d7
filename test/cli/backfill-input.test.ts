import { createReadStream, existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pictures, startWith } from './backfill-fixture.ts';

describe('a backfill that is given the wrong way', () => {
  it.each<[string[], string]>([
    [[], 'rule "small" takes objects of any bucket: name one with --bucket.'],
    [['oss://photos/uploads/*.jpg'], 'expected oss://bucket/prefix/'],
    [['oss://photos/', '--keys', 'a.txt'], 'name the objects in one way'],
    [['oss://photos/', '--inventory', 'manifest.json'], 'name the objects in one way'],
    [['oss://photos/elsewhere/'], 'the rules take no object there'],
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
      'oss-saveas backfill: standard input is empty, and names no object.\n',
    ]);
    expect(existsSync(join(dir, '.backfill'))).toBe(false);
  });

  it('a backfill saves the standard input as it comes, and a dry run leaves nothing of it', async () => {
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

  it('a dry run of a list of keys, which tells no size, gives the least bytes, price and time', async () => {
    const { run } = await startWith(pictures(1));

    const { out } = await run(['--keys', '-'], { input: 'oss://photos/uploads/0000.jpg\n' });

    expect(out.replace(/\s+/g, ' ')).toMatch(
      / at least 0 B of sources, .* price at least CNY 0\.00 .* time at least 1 s /,
    );
    expect((await run([])).out).not.toContain('at least');
  });

  it('a backfill keeps the standard input until it is finished: nobody may write it again', async () => {
    const { run, dir, processed } = await startWith(pictures(3));
    const input = 'uploads/0000.jpg\nuploads/0001.jpg\nuploads/0002.jpg\n';
    const args = ['--keys', '-', '--bucket', 'photos', '--yes'];
    const copies = async () => {
      const names = await readdir(join(dir, '.backfill'), { recursive: true });
      return names.filter((name) => name.includes('standard-input'));
    };

    await run([...args, '--max', '2'], { input });
    await run(args, { input: '' });
    const other = await run(args, { input: 'uploads/0001.jpg\n' });
    const [copy = ''] = await copies();
    const kept = createReadStream(join(dir, '.backfill', copy));
    const { exitCode, out } = await run(args, { input: kept });

    expect(other.err).toContain('the contents of standard input changed since this backfill began');
    expect([exitCode, out]).toEqual([0, expect.stringContaining('3 objects: 6 saved, 0 failed. Finished.')]);
    expect(processed).toHaveLength(6);
    expect(await copies()).toEqual([]);
  });

  it('a backfill that is stopped while it reads the standard input leaves nothing behind', async () => {
    const { begin, dir } = await startWith(pictures(1));
    async function* input() {
      yield Buffer.from('uploads/0000.jpg\n');
      const names = () => readdir(dir, { recursive: true });
      await expect.poll(names).toContainEqual(expect.stringContaining('standard-input'));
      stop.abort();
      await new Promise(() => {}); // The rest never comes.
    }

    const { stop, ended } = begin(['--keys', '-', '--bucket', 'photos'], { input: input() });

    expect((await ended).exitCode).toBe(130);
    expect(await readdir(dir)).toEqual(['rules.yaml']);
  });

  it('a backfill refuses a list with a line that names no object, and shows the line', async () => {
    const { run } = await startWith({});

    const { exitCode, err } = await run(['--keys', '-'], { input: 'oss://photos/a\nphotos/b\n' });

    expect(err).toContain('standard input, line 2: expected oss://bucket/key, received');
    expect(exitCode).toBe(1);
  });
});
