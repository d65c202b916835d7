import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/local/oss/http/routes.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { pictures, startWith } from './backfill-fixture.ts';

/** Answers every HEAD request by a size that nobody knows. */
const unsized: Route = ({ method }, response) => {
  if (method !== 'HEAD') {
    return undefined;
  }
  response.writeHead(200, { 'transfer-encoding': 'chunked', 'x-oss-request-id': '1' }).end();
  return Promise.resolve();
};

/** Writes an inventory of `photos` with these rows; resolves to the path of its manifest. */
async function writeInventory(dir: string, rows: readonly string[]): Promise<string> {
  const data = gzipSync(rows.join(''));
  const manifest = {
    sourceBucket: 'photos',
    fileFormat: 'CSV',
    fileSchema: 'Bucket, Key, Size, ETag, LastModifiedDate, StorageClass',
    files: [{ key: 'data/a.csv.gz', MD5checksum: createHash('md5').update(data).digest('hex') }],
  };
  await mkdir(join(dir, 'data'));
  await mkdir(join(dir, '2026-01-02T00-00Z'));
  await writeFile(join(dir, 'data/a.csv.gz'), data);
  const file = join(dir, '2026-01-02T00-00Z/manifest.json');
  await writeFile(file, JSON.stringify(manifest));
  return file;
}

describe('the objects of a backfill', () => {
  it('the objects of a backfill are submitted where OSS makes their outputs by tasks', async () => {
    const { rules, run } = await startWith(pictures(2));
    const film = '{ style: "video/convert,f_mp4", target: { key: "mp4/{name}.mp4" } }';
    await writeFile(rules, `rules: [{ name: film, match: { key: "uploads/**" }, outputs: [${film}] }]\n`);

    const { exitCode, out, err } = await run(['oss://photos/', '--yes']);

    expect(exitCode).toBe(0);
    expect(out + err).toContain('2 objects: 0 saved, 0 failed, 2 submitted');
  });

  it('the objects of a backfill that tasks are for count in no quota or price of image processing', async () => {
    const { dir, rules, run } = await startWith(pictures(2));
    const film = '{ style: "video/convert,f_mp4", target: { key: "mp4/{name}.mp4" } }';
    const match = 'match: { key: "uploads/**" }, onRemove: delete';
    await writeFile(rules, `rules: [{ name: film, ${match}, outputs: [${film}] }]\n`);
    // At 16 MB/s each would take days.
    const rows = [0, 1].map(
      (i) => `photos,uploads/000${i}.jpg,9000000000000,AB,2026-01-01T00:00:00Z,Standard\n`,
    );

    const { out } = await run(['--inventory', await writeInventory(dir, rows), '--yes']);

    expect(out.replace(/\s+/g, ' ')).toContain('as many, which read 0 B of sources, and 0 HEAD requests');
    expect(out.replace(/\s+/g, ' ')).toContain('for the requests, and what IMM bills for 2 tasks (');
    expect(out).toContain('2 objects: 0 saved, 0 failed, 2 submitted. Finished.');
  });

  it('an object deleted during a backfill leaves no output behind that goes with it', async () => {
    const started = await startWith(pictures(1), {
      processImage: async () => {
        await started.oss.call({ method: 'DELETE', bucket: 'photos', key: 'uploads/0000.jpg' });
        return { body: Buffer.from('small'), contentType: 'image/jpeg' };
      },
    });
    const small = '{ style: "image/resize,w_10", target: { key: "small/{base}" } }';
    const rule = `name: small, match: { key: "uploads/*" }, onRemove: delete, outputs: [${small}]`;
    await writeFile(started.rules, `rules: [{ ${rule} }]\n`);

    const { exitCode, out } = await started.run(['oss://photos/', '--yes']);

    expect(exitCode).toBe(0);
    expect(out).toContain('1 object: 0 saved, 0 failed, 1 removed');
    expect(await started.keys('small/')).toEqual([]);
  });

  it('the objects of a backfill are left alone in archive classes, and said so', async () => {
    const { run, dir, processed } = await startWith(pictures(1));
    const classes = ['Standard', 'Archive', 'ColdArchive', 'DeepColdArchive'];
    const rows = classes.map((name) => `photos,uploads/0000.jpg,2,AB,2026-01-01T00:00:00Z,${name}\n`);
    const file = await writeInventory(dir, rows);

    const { out } = await run(['--inventory', file, '--yes']);

    expect(out).toMatch(/left alone +3 archived/);
    expect(out).toContain('4 objects: 2 saved, 0 failed, 3 archived. Finished.');
    expect(processed.length).toBe(2);
  });

  it('the objects of a backfill are taken from archive classes once they are restored', async () => {
    const restored: Record<string, string> = {
      '/photos/uploads/0000.jpg': 'ongoing-request="false", expiry-date="Sat, 05 Nov 2033 07:38:08 GMT"',
      '/photos/uploads/0001.jpg': 'ongoing-request="true"',
    };
    const head: Route = ({ method, url = '' }, response) => {
      if (method !== 'HEAD') {
        return undefined;
      }
      const archived = { 'x-oss-storage-class': 'Archive', 'x-oss-restore': restored[url] ?? '' };
      const properties = { 'content-length': 2, etag: '"AB"', 'last-modified': new Date().toUTCString() };
      response.writeHead(200, { 'x-oss-request-id': '1', ...properties, ...archived }).end();
      return Promise.resolve();
    };
    const { run, processed } = await startWith(pictures(3), { routes: [head] });

    const { out } = await run(['--keys', '-', '--bucket', 'photos', '--yes'], {
      input: 'uploads/0000.jpg\nuploads/0001.jpg\nuploads/0002.jpg\n',
    });

    expect(out).toContain('3 objects: 2 saved, 0 failed, 2 archived. Finished.');
    expect(processed).toEqual(['p0 image/resize,w_100', 'p0 image/resize,w_200']);
  });

  it('a list of failures is tried again, and names the outputs that no rule makes any more', async () => {
    const { run, processed } = await startWith(pictures(1));
    const input = '{"source":"oss://photos/uploads/0000.jpg","target":"oss://photos/elsewhere/0000.jpg"}\n';

    const { out } = await run(['--keys', '-', '--yes'], { input });

    expect(out).toContain('1 object: 0 saved, 0 failed, 1 target-not-planned. Finished.');
    expect(processed).toEqual([]);
  });

  it('the objects of a backfill may be those modified in a span of time', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const { oss, run, processed } = await startWith({}, { now: () => now });
    for (const day of ['2026-01-10', '2026-01-20', '2026-01-30']) {
      now = Date.parse(day);
      await oss.call({ method: 'PUT', bucket: 'photos', key: `uploads/${day}.jpg`, body: day, timeMs: now });
    }
    now = Date.now();

    const { out } = await run(['oss://photos/', '--since', '2026-01-20', '--until', '2026-01-30', '--yes']);

    expect(processed).toEqual(['2026-01-20 image/resize,w_100', '2026-01-20 image/resize,w_200']);
    expect(out).toContain('2 outside-time');
  });

  it('the objects of a backfill take the day in a target from when they were modified', async () => {
    let now = Date.parse('2024-05-06T00:00:00Z');
    const { oss, run, keys } = await startWith({}, { now: () => now });
    await oss.call({
      method: 'PUT',
      bucket: 'photos',
      key: 'uploads/a.jpg',
      body: 'a',
      timeMs: now,
    });
    now = Date.now();
    const file = join(await temporaryDir(), 'keys.txt');
    await writeFile(file, 'oss://photos/uploads/a.jpg\n');

    await run(['oss://photos/', '--yes']);
    await run(['--keys', file, '--yes']);

    expect(await keys('small/')).toEqual(['small/2024/a-100.jpg', 'small/2024/a-200.jpg']);
  });

  it('the objects of a backfill that failed are tried again by a command that can be pasted', async () => {
    const { run, dir } = await startWith(pictures(1), { routes: [unsized] });
    const journal = join(dir, 'my journal');
    const args = ['--keys', '-', '--bucket', 'photos', '--journal', journal, '--yes'];

    const { err } = await run(args, { input: 'uploads/0000.jpg' });

    const [folder] = await readdir(journal);
    expect(err).toContain(`--keys '${journal}/${folder}/failures.jsonl'\n`);
  });

  it('a failure that is tried again and fails before its output names that output alone again', async () => {
    const { run, dir } = await startWith(pictures(1), { routes: [unsized] });
    const failure = {
      source: 'oss://photos/uploads/0000.jpg',
      target: 'oss://photos/small/2026/0000-100.jpg',
    };

    await run(['--keys', '-', '--yes'], { input: JSON.stringify(failure) });

    const [folder = ''] = await readdir(join(dir, '.backfill'));
    const [line = ''] = (await readFile(join(dir, '.backfill', folder, 'failures.jsonl'), 'utf8')).split(
      '\n',
    );
    expect(JSON.parse(line)).toMatchObject(failure);
  });

  it('the dry run of failures names for example the outputs that failed, and not others of their sources', async () => {
    const { run, rules } = await startWith(pictures(1));
    const output =
      '{ style: "image/resize,w_{w}", vary: { w: [1, 2] }, target: { key: "small/{w}/{base}" } }';
    await writeFile(rules, `rules: [{ name: a, match: { key: "uploads/*" }, outputs: [${output}] }]\n`);
    const source = 'oss://photos/uploads/0000.jpg';
    const failure = { source, target: 'oss://photos/small/2/0000.jpg' };

    const { out } = await run(['--keys', '-'], { input: JSON.stringify(failure) });

    expect(out).toContain(`For example:\n  ${source} -> ${failure.target}\n`);
  });

  it('the objects of a backfill fail where OSS gives no size, and do not count as empty', async () => {
    const { run } = await startWith(pictures(1), { routes: [unsized] });

    const { exitCode, out } = await run(['--keys', '-', '--bucket', 'photos', '--yes'], {
      input: 'uploads/0000.jpg',
    });

    expect([exitCode, out]).toEqual([1, expect.stringContaining('1 object: 0 saved, 1 failed. Finished.')]);
  });

  it('the objects of a backfill keep the outputs that exist with --only-missing', async () => {
    const { run, processed } = await startWith(pictures(3));
    await run(['oss://photos/', '--max', '2', '--yes']);

    const { out } = await run(['oss://photos/', '--only-missing', '--yes']);

    expect(out).toContain('3 objects: 2 saved, 0 failed, 4 target-exists. Finished.');
    expect(processed.length).toBe(6);
  });

  it('--only-missing deletes no output that exists, though its rule wants none so large', async () => {
    const { oss, run, rules, keys } = await startWith({ 'uploads/a.jpg': 'tiny' });
    const body = 'a picture that somebody retouched by hand';
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'small/a.jpg', body });
    const output =
      '{ style: "image/resize,w_9", skipLarger: true, acl: private, target: { key: "small/{base}" } }';
    await writeFile(rules, `rules: [{ name: a, match: { key: "uploads/*" }, outputs: [${output}] }]\n`);

    const { out } = await run(['oss://photos/', '--only-missing', '--yes']);

    expect(out).toContain('1 object: 0 saved, 0 failed, 1 target-exists. Finished.');
    expect(await keys('small/')).toEqual(['small/a.jpg']);
  });

  it('the objects of a backfill are processed by one rule alone with --rule', async () => {
    const { run, processed } = await startWith({ 'uploads/big.jpg': 'b'.repeat(2_000) });

    await run(['oss://photos/', '--rule', 'big', '--yes']);

    expect(processed).toEqual([`${'b'.repeat(2_000)} image/resize,w_900`]);
  });

  it('the objects of a backfill are listed only where the rules look', async () => {
    const { oss, run } = await startWith({ ...pictures(1), 'other/a.jpg': 'x' });
    oss.events.length = 0;

    const { out } = await run(['--bucket', 'photos', '--yes']);

    expect(out).toContain('Dry run over oss://photos/uploads/:');
    expect(out).toContain('1 object: 2 saved, 0 failed. Finished.');
  });
});
