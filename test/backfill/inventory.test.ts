import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { inventorySource } from '../../src/backfill/inventory.ts';
import type { Position } from '../../src/backfill/source.ts';
import { type Call, createCall } from '../../src/oss/call.ts';
import { resolveEndpoint } from '../../src/oss/endpoint.ts';
import { createAgent } from '../../src/oss/request.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';

const noCall: Call = () => Promise.reject(new Error('no call was expected'));

const documentedSchema =
  'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, StorageClass, LastModifiedDate, ETag, ' +
  'IsMultipartUploaded, EncryptionStatus';

const md5 = (content: Buffer) => createHash('md5').update(content).digest('hex').toUpperCase();

/** An inventory as OSS lays it out: manifest and data in folders of their own. */
function inventory(csvs: readonly string[], schema = 'Bucket, Key, Size') {
  const data = csvs.map((csv) => gzipSync(csv));
  const files = data.map((content, i) => ({
    key: `reports/photos/all/data/745a29e3-${i}.csv.gz`,
    size: content.length,
    MD5checksum: md5(content),
  }));
  const manifest = {
    creationTimestamp: '1642994594',
    destinationBucket: 'reports',
    fileFormat: 'CSV',
    fileSchema: schema,
    files,
    sourceBucket: 'photos',
    version: '2019-09-01',
  };
  return { manifest, data, files };
}

async function writeInventory({ manifest, data, files }: ReturnType<typeof inventory>): Promise<string> {
  const dir = await temporaryDir();
  await mkdir(join(dir, '2026-11-01T16-00Z'));
  await mkdir(join(dir, 'data'));
  for (const [i, { key }] of files.entries()) {
    await writeFile(join(dir, 'data', key.split('/').at(-1) ?? ''), data[i] ?? '');
  }
  const file = join(dir, '2026-11-01T16-00Z', 'manifest.json');
  await writeFile(file, JSON.stringify(manifest));
  return file;
}

async function readAll(location: string, { behind, call = noCall }: { behind?: Position; call?: Call } = {}) {
  const source = await inventorySource(location, call);
  const entries = [];
  for await (const entry of source.read(behind)) {
    entries.push(entry);
  }
  return entries;
}

const keysOf = (entries: Awaited<ReturnType<typeof readAll>>) => entries.map(({ object }) => object.key);

describe('an inventory', () => {
  it('an inventory is read by the columns of its fileSchema', async () => {
    const row =
      '"photos","uploads/a.jpg","CAEQ1","true","false","1024","IA","2026-10-01T08:12:36Z","5D41402A",' +
      '"false","false"\n';
    const file = await writeInventory(inventory([row], documentedSchema));

    expect(await readAll(file)).toEqual([
      {
        object: {
          bucket: 'photos',
          key: 'uploads/a.jpg',
          sizeBytes: 1024,
          eTag: '5D41402A',
          modifiedAt: '2026-10-01T08:12:36.000Z',
          storageClass: 'IA',
          eventName: 'Manual',
        },
        position: { part: 0, after: 1 },
      },
    ]);
  });

  it('an inventory gives only the latest version of an object, and no delete marker', async () => {
    const rows = [
      'photos,a.jpg,v1,false,false,1,Standard,2026-10-01T08:12:36Z,A,false,false',
      'photos,a.jpg,v2,true,false,2,Standard,2026-10-02T08:12:36Z,B,false,false',
      'photos,b.jpg,v3,true,true,0,Standard,2026-10-02T08:12:36Z,C,false,false',
    ];
    const file = await writeInventory(inventory([rows.join('\n')], documentedSchema));

    expect((await readAll(file)).map(({ object }) => [object.key, object.sizeBytes])).toEqual([['a.jpg', 2]]);
  });

  it.each([
    '2026-10-01T00:30:00Z',
    '2026-10-01T00-30-00Z',
    '2026-10-01T00:30:00',
    '2026-10-01T08:30:00+08:00',
  ])('an inventory tells the time %s in UTC, in whatever zone it is read', async (time) => {
    vi.stubEnv('TZ', 'America/Los_Angeles');
    onTestFinished(() => void vi.unstubAllEnvs());
    const rows = `photos,a.jpg,v1,true,false,1,Standard,${time},A,false,false`;
    const file = await writeInventory(inventory([rows], documentedSchema));

    expect((await readAll(file)).map(({ object }) => object.modifiedAt)).toEqual([
      '2026-10-01T00:30:00.000Z',
    ]);
  });

  it('an inventory has its keys decoded', async () => {
    const keys = [
      'uploads%2Fa%20b.jpg',
      'a%2Bb',
      'a+b',
      '%E7%85%A7%E7%89%87.jpg',
      '100%25',
      'x%2Cy',
      '%22q%22',
      'a%0Ab',
    ];
    const file = await writeInventory(inventory([keys.map((key) => `photos,${key},1\n`).join('')]));

    expect(keysOf(await readAll(file))).toEqual([
      'uploads/a b.jpg',
      'a+b',
      'a b',
      '照片.jpg',
      '100%',
      'x,y',
      '"q"',
      'a\nb',
    ]);
  });

  it('an inventory may have quotes, CRLF, a BOM, empty columns and blanks in its fileSchema', async () => {
    const csv =
      '\ufeff"photos","say ""hi"".jpg",\r\nphotos,plain.jpg,""\r\n"photos","with,comma.jpg","7"\r\n';
    const file = await writeInventory(inventory([csv], 'Bucket,  Key ,Size'));

    const entries = await readAll(file);

    expect(keysOf(entries)).toEqual(['say "hi".jpg', 'plain.jpg', 'with,comma.jpg']);
    expect(entries.map(({ object }) => object.sizeBytes)).toEqual([undefined, undefined, 7]);
  });

  it('an inventory of several files, some of them empty, is read on behind any of its rows', async () => {
    const csvs = ['photos,a,1\nphotos,b,1\n', '', 'photos,c,1\nphotos,d,1\n'];
    const file = await writeInventory(inventory(csvs));

    const all = await readAll(file);

    expect(keysOf(all)).toEqual(['a', 'b', 'c', 'd']);
    for (const [i, { position }] of all.entries()) {
      expect(keysOf(await readAll(file, { behind: position }))).toEqual(['a', 'b', 'c', 'd'].slice(i + 1));
    }
  });

  it('an inventory whose checksum does not fit is refused by the name of the file', async () => {
    const { files, ...rest } = inventory(['photos,a,1\n', 'photos,b,1\n']);
    const [first, second] = files;
    const damaged = [first, { ...second, MD5checksum: 'F'.repeat(32) }];
    const file = await writeInventory({
      ...rest,
      files,
      manifest: { ...rest.manifest, files: damaged as typeof files },
    });

    await expect(readAll(file)).rejects.toThrow('745a29e3-1.csv.gz of the inventory is damaged: its MD5');
  });

  it.each<[string, string, string]>([
    ['that is cut off', 'Bucket, Key, Size', 'photos,a,1,2\n'],
    ['whose keys are not encoded', 'Bucket, Key, Size', 'photos,100%,1\n'],
  ])('%s is refused with the row', async (_, schema, csv) => {
    const file = await writeInventory(inventory([csv], schema));

    await expect(readAll(file)).rejects.toThrow(
      /745a29e3-0\.csv\.gz of the inventory cannot be read after row [01]: /,
    );
  });

  it.each([
    '{}',
    '[]',
    'not json',
    '{"fileFormat":"CSV","sourceBucket":"a","fileSchema":"Bucket, Name","files":[]}',
    '{"fileFormat":"Parquet","sourceBucket":"a","fileSchema":"Key","files":[]}',
  ])('an inventory is refused where its manifest is %s', async (text) => {
    const file = join(await temporaryDir(), 'manifest.json');
    await writeFile(file, text);

    await expect(readAll(file)).rejects.toThrow(
      /manifest\.json(: expected JSON| is not the manifest of an OSS inventory)/,
    );
  });

  it('an inventory is read from OSS where it lies there', async () => {
    const { manifest, data, files } = inventory(['photos,a,1\n', 'photos,b,1\n']);
    const oss = await startOss({ buckets: ['reports'] });
    const key = 'reports/photos/all/2026-11-01T16-00Z/manifest.json';
    await oss.call({
      method: 'PUT',
      bucket: 'reports',
      key,
      body: JSON.stringify(manifest).padEnd(2_500_000),
    });
    for (const [i, file] of files.entries()) {
      await oss.call({ method: 'PUT', bucket: 'reports', key: file.key, body: data[i] ?? '' });
    }
    const dispatcher = createAgent();
    const ranges: [number, number][] = [];
    const send = createCall({
      region: 'cn-hangzhou',
      endpoint: resolveEndpoint({ region: 'cn-hangzhou', endpoint: oss.url }),
      credentials: () => ({ accessKeyId: 'local', accessKeySecret: 'local-secret' }),
      dispatcher,
    });
    const call: Call = (request) => {
      const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers?.range ?? '') ?? [];
      if (start !== undefined) {
        ranges.push([Number(start), Number(end)]);
      }
      return send(request);
    };

    expect(keysOf(await readAll(`oss://reports/${key}`, { call }))).toEqual(['a', 'b']);
    // Each has to come within the 30 s of one attempt.
    expect(ranges.slice(0, 3)).toEqual([
      [0, 1_048_575],
      [1_048_576, 2_097_151],
      [2_097_152, 2_499_999],
    ]);
    await dispatcher.close();
  });
});
