import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pictures, startWith } from './backfill-fixture.ts';

describe('a list of keys for a backfill', () => {
  it('the objects of a backfill may be named by the standard input; their sizes are asked for', async () => {
    const { run, processed } = await startWith({ ...pictures(2), 'uploads/big.jpg': 'b'.repeat(2_000) });
    const input =
      '\ufeffuploads/big.jpg\r\n\noss://photos/uploads/0001.jpg\nuploads/gone.jpg\nnot/taken.jpg\n';

    const { exitCode, out } = await run(['--keys', '-', '--bucket', 'photos', '--yes'], { input });

    expect(exitCode).toBe(0);
    expect(out).toContain('3 taken by a rule at most');
    expect(out).toMatch(
      /4 objects: 5 saved, 0 failed(, 1 source-missing|, 1 no-rule-matched){2}\. Finished\./,
    );
    expect(processed.length).toBe(5);
  });

  it.each([
    [
      'GBK',
      Buffer.concat([Buffer.from('uploads/0000.jpg\nuploads/'), Buffer.from([0xb0, 0xe6, 0x0a])]),
      '2:9',
    ],
    ['UTF-16', Buffer.from('\ufeffuploads/0000.jpg\n', 'utf16le'), '1:1'],
  ])('a list of keys in %s is refused by its name and line, before anything is made', async (_, list, at) => {
    const { dir, run, processed } = await startWith(pictures(1));
    const file = join(dir, 'keys.txt');
    await writeFile(file, list);

    const { exitCode, err } = await run(['--keys', file, '--bucket', 'photos', '--yes']);

    expect([exitCode, err]).toEqual([1, expect.stringContaining(`keys.txt:${at} is not UTF-8`)]);
    expect(processed).toEqual([]);
  });

  it('an address in a list of keys is refused, which as a key would name another object', async () => {
    const { run, processed } = await startWith(pictures(1));
    const input = 'uploads/0000.jpg\nhttps://photos.oss-cn-hangzhou.aliyuncs.com/uploads/0000.jpg\n';

    const { exitCode, err } = await run(['--keys', '-', '--bucket', 'photos', '--yes'], { input });

    expect([exitCode, err]).toEqual([
      1,
      expect.stringContaining('line 2: expected oss://bucket/key or a key'),
    ]);
    expect(processed).toEqual([]);
  });

  it('a key in a list may hold what Unicode calls the end of a line', async () => {
    const { dir, run, processed } = await startWith({ 'uploads/a\u2028b.jpg': 'x' });
    const file = join(dir, 'keys.txt');
    await writeFile(file, 'uploads/a\u2028b.jpg\n');

    await run(['--keys', file, '--bucket', 'photos', '--yes']);

    expect(processed).toHaveLength(2);
  });
});
