import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { z } from 'zod';
import { splitObjectUrl } from '../object-url.ts';
import type { Call } from '../oss/call.ts';
import { headObject } from '../oss/operations.ts';
import type { OssObject } from '../process.ts';
import { decodeText, parseJsonText } from '../text-file.ts';
import { type ExistingObject, eventNameOf, type Position, type Source, type SourceEntry } from './source.ts';

const manifestSchema = z.object({
  sourceBucket: z.string(),
  fileFormat: z.literal('CSV'),
  fileSchema: z.string().regex(/\bKey\b/, 'expected a column Key'),
  files: z.array(z.object({ key: z.string(), MD5checksum: z.string() })),
});

type Manifest = z.infer<typeof manifestSchema>;
type InventoryFile = Manifest['files'][number];

/**
 * Reads the objects of an OSS inventory (OSS help: "Bucket inventory"): `manifest.json`, at
 * `oss://bucket/key` or beside its `data` folder, names gzipped CSV files, their checksums and their columns.
 * Throws if anything is not as documented, and at the end of a file if its checksum is wrong.
 */
export async function inventorySource(location: string, call: Call): Promise<Source> {
  const manifestObject = splitObjectUrl(location);
  const dataDir = join(dirname(dirname(location)), 'data');
  const text = await buffer(
    manifestObject === undefined ? createReadStream(location) : readRanges(manifestObject, call),
  );
  const manifest = readManifest(location, decodeText(text, location));
  const open = (file: InventoryFile): AsyncIterable<Buffer> =>
    manifestObject === undefined
      ? createReadStream(join(dataDir, basename(file.key)))
      : readRanges({ bucket: manifestObject.bucket, key: file.key }, call);
  return {
    name: `inventory ${location}`,
    fingerprint: createHash('sha256').update(text).digest('hex').slice(0, 12),
    async *read(behind) {
      for (const [part, file] of manifest.files.entries()) {
        if (part >= (behind?.part ?? 0)) {
          const after = part === behind?.part ? behind.after : 0;
          yield* readRows(manifest, file, open(file), { part, after });
        }
      }
    },
  };
}

function readManifest(location: string, text: string): Manifest {
  const manifest = manifestSchema.safeParse(parseJsonText(text, location));
  if (!manifest.success) {
    const reason = z.prettifyError(manifest.error);
    throw new Error(`${location} is not the manifest of an OSS inventory: ${reason}`);
  }
  return manifest.data;
}

/** Even a slow connection transfers this much in one attempt. */
const rangeBytes = 1024 * 1024;

/** Reads an object in pieces, because a file of an inventory may be too large for memory. */
async function* readRanges(object: OssObject, call: Call): AsyncIterable<Buffer> {
  const { sizeBytes = 0 } = await headObject(call, object);
  for (let start = 0; start < sizeBytes; start += rangeBytes) {
    const range = `bytes=${start}-${Math.min(start + rangeBytes, sizeBytes) - 1}`;
    const request = { ...object, headers: { range }, maxAnswerBytes: rangeBytes };
    const { body } = await call({ operation: 'GetObject', method: 'GET', ...request });
    yield body;
  }
}

async function* readRows(
  { sourceBucket, fileSchema }: Manifest,
  file: InventoryFile,
  content: AsyncIterable<Buffer>,
  { part, after }: Position,
): AsyncIterable<SourceEntry> {
  const hash = createHash('md5');
  const hashing = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const columns = fileSchema.split(',').map((name) => name.trim());
  // Iterating over the last stream throws the error of whichever stream fails.
  const rows = pipeline(content, hashing, createGunzip(), parse({ bom: true, columns }), () => {});
  let row = 0;
  try {
    for await (const record of rows) {
      row += 1;
      const object = row > Number(after) ? readRecord(record, sourceBucket) : undefined;
      if (object !== undefined) {
        yield { object, position: { part, after: row } };
      }
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new Error(`${file.key} of the inventory cannot be read after row ${row}: ${reason}`, { cause });
  }
  if (hash.digest('hex') !== file.MD5checksum.toLowerCase()) {
    throw new Error(`${file.key} of the inventory is damaged: its MD5 is not the manifest's.`);
  }
}

/** The object of a row, whose columns may be missing; undefined for an older version or a delete marker. */
function readRecord(row: Readonly<Record<string, string>>, bucket: string): ExistingObject | undefined {
  if (row.IsLatest === 'false' || row.IsDeleteMarker === 'true') {
    return undefined;
  }
  return {
    bucket,
    // Keys are URL-encoded (OSS help: "Bucket inventory"), but the page does not say by which of two rules.
    // Both write "+" as "%2B", so a bare "+" can only be a space of a form's encoding.
    key: decodeURIComponent((row.Key ?? '').replaceAll('+', ' ')),
    eventName: eventNameOf(row.ObjectType),
    sizeBytes: row.Size ? Number(row.Size) : undefined,
    eTag: row.ETag || undefined,
    modifiedAt: readTime(row.LastModifiedDate),
    storageClass: row.StorageClass || undefined,
  };
}

/** Reads ISO 8601, UTC by default. The time may have hyphens, like the names of an inventory's folders. */
function readTime(text = ''): string | undefined {
  const time = new Date(
    text.replace(/T(\d\d)-(\d\d)-(\d\d)/, 'T$1:$2:$3').replace(/T\d\d:\d\d:\d\d(\.\d+)?$/, '$&Z'),
  );
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
