import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import sharp from 'sharp';
import { Agent } from 'undici';
import { createCall } from '../../src/oss/call.ts';
import type { Endpoint } from '../../src/oss/endpoint.ts';
import { isOssError } from '../../src/oss/errors.ts';
import { buildProcess } from '../../src/process.ts';
import { createRandom } from '../faults/random.ts';
import { createClient, type OssClient } from '../oss/client.ts';
import type { Memory, ServerProcess } from './server-process.ts';

interface SoakReport {
  operations: Record<string, number>;
  /** Operations whose connection a kill took, so that either outcome is right. */
  uncertain: number;
  /** Objects read back whole at the end, after one more kill. */
  verified: number;
  /** Lost, torn, revived or wrongly refused: none is allowed. */
  faults: string[];
  /** The memory of the last server process that served operations, from the last kill on. */
  memory: Memory[];
}

/** The versions that may be read under a key, undefined for no object: after a kill there is more than one. */
type Possible = Set<number | undefined>;

const bucket = 'soak';
const keysPerWorker = 10;
/** With 50 workers: small objects, and now and then one of a megabyte, so that a kill meets half of it on disk. */
const sizesBytes = [0, 1, 700, 8_000, 60_000, 60_000, 1_000_000];
const partBytes = 400_000;

/** The only body that `version` of `key` can have. */
function bodyOf(key: string, version: number): Buffer {
  const sizeBytes = sizesBytes[version % sizesBytes.length] ?? 0;
  const head = Buffer.from(`${key} ${version}\n`);
  const seed = createHash('sha256').update(head).digest();
  return Buffer.concat([head, Buffer.alloc(sizeBytes, seed)]);
}

function versionOf(key: string, body: Buffer): number | 'torn' {
  const [, version] = /^\S+ (\d+)\n/.exec(body.subarray(0, 200).toString('latin1')) ?? [];
  return version !== undefined && bodyOf(key, Number(version)).equals(body) ? Number(version) : 'torn';
}

/**
 * Runs `operations` mixed operations from `connections` workers, each the only writer of its own keys and a reader of
 * all, while the server is killed `kills` times in the first three fifths; then reads everything back.
 */
export async function soak(
  server: ServerProcess,
  options: { operations: number; connections: number; kills: number },
): Promise<SoakReport> {
  const { operations, connections, kills } = options;
  const dispatcher = new Agent({ connections });
  const endpoint: Endpoint = { scheme: 'http', host: `127.0.0.1:${server.port}`, style: 'path' };
  const credentials = () => ({ accessKeyId: 'local', accessKeySecret: 'local-secret' });
  const connection = { region: 'cn-hangzhou', endpoint, credentials, dispatcher, maxAttempts: 1 };
  const call = createCall(connection);
  const client = createClient(connection);
  const report: SoakReport = { operations: {}, uncertain: 0, verified: 0, faults: [], memory: [] };
  const states = new Map<string, Possible>();
  const everyKill = Math.ceil((operations * 0.6) / (kills + 1));
  let started = 0;
  let killed = 0;
  let restarted = 0;

  async function betweenOperations(): Promise<void> {
    // Not while the last kill is still on its way: it would cut the answer off.
    const isSampled = restarted === kills && started % Math.ceil(operations / 50) === 0;
    if (killed < kills && started >= everyKill * (killed + 1)) {
      killed += 1;
      // At whatever moment, not at the one in which the server has just answered.
      await pause(Math.random() * 20);
      await server.killAndRestart();
      restarted += 1;
    }
    if (!isSampled) {
      return;
    }
    await server.up();
    report.memory.push(await server.memory());
  }

  /** The outcome of one operation: its result, a refusal, or unknown because a kill came between. */
  async function attempt<T>(
    name: string,
    what: string,
    run: () => Promise<T>,
  ): Promise<T | 'missing' | 'unknown'> {
    await server.up();
    const { generation } = server;
    report.operations[name] = (report.operations[name] ?? 0) + 1;
    try {
      return await run();
    } catch (error) {
      if (isOssError(error) && error.code === 'NoSuchKey') {
        return 'missing';
      }
      if (server.generation === generation) {
        report.faults.push(`${name} ${what}: ${String(error)}`);
      } else {
        report.uncertain += 1;
      }
      return 'unknown';
    }
  }

  async function write(key: string, version: number | undefined): Promise<void> {
    const before = states.get(key) ?? new Set([undefined]);
    // Another worker may read between now and the answer.
    states.set(key, new Set([...before, version]));
    const answer =
      version === undefined
        ? await attempt('DeleteObject', key, () => client.deleteObject({ bucket, key }))
        : await attempt('PutObject', key, () =>
            client.putObject({ bucket, key, body: bodyOf(key, version) }),
          );
    if (answer !== 'unknown') {
      states.set(key, new Set([version]));
    }
  }

  /** In parts, each sent again after a kill: what is there of an upload must survive a restart. */
  async function writeInParts(key: string, version: number): Promise<void> {
    states.set(key, new Set([...(states.get(key) ?? [undefined]), version]));
    const send = (
      operation: string,
      method: 'POST' | 'PUT',
      query: Record<string, string>,
      body: Buffer = Buffer.alloc(0),
    ) => attempt(operation, key, () => call({ operation, method, bucket, key, query, body }));
    const begun = await send('InitiateMultipartUpload', 'POST', { uploads: '' });
    if (typeof begun === 'string') {
      return;
    }
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(begun.body.toString())?.[1] ?? '';
    const body = bodyOf(key, version);
    const parts: string[] = [];
    for (let at = 0; at < body.length; at += partBytes) {
      const query = { partNumber: String(parts.length + 1), uploadId };
      const part = body.subarray(at, at + partBytes);
      let sent = await send('UploadPart', 'PUT', query, part);
      for (let tries = 0; sent === 'unknown' && tries < 5; tries += 1) {
        sent = await send('UploadPart', 'PUT', query, part);
      }
      if (typeof sent === 'string') {
        return;
      }
      const eTag = sent.headers.etag;
      parts.push(`<Part><PartNumber>${query.partNumber}</PartNumber><ETag>${eTag}</ETag></Part>`);
    }
    const list = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
    const done = await send('CompleteMultipartUpload', 'POST', { uploadId }, Buffer.from(list));
    if (typeof done !== 'string') {
      states.set(key, new Set([version]));
    }
  }

  async function read(key: string, isOwn: boolean): Promise<void> {
    const answer = await attempt('GetObject', key, () => client.getObject({ bucket, key }));
    if (answer === 'unknown') {
      return;
    }
    const found = answer === 'missing' ? undefined : versionOf(key, answer.body);
    if (found === 'torn') {
      report.faults.push(`${key} is torn: ${answer === 'missing' || answer.sizeBytes} bytes`);
    } else if (isOwn) {
      settle(key, found);
    }
  }

  /** A version that was read once must be read again until the next write. */
  function settle(key: string, found: number | undefined): void {
    const possible = states.get(key) ?? new Set([undefined]);
    if (!possible.has(found)) {
      report.faults.push(`${key} reads ${found}, expected one of ${[...possible].join(' or ')}`);
    }
    states.set(key, new Set([found]));
  }

  async function processOne(worker: number, width: number): Promise<void> {
    const key = `saved/${worker}.webp`;
    const process = buildProcess(`image/resize,w_${width}/format,webp`, { bucket, key });
    await attempt('ProcessObject', key, () => client.processObject({ bucket, key: 'source.jpg', process }));
    const answer = await attempt('GetObject', key, () => client.getObject({ bucket, key }));
    if (typeof answer === 'string') {
      return;
    }
    // RIFF names its own length: all of it is there, or it was torn.
    if (answer.body.readUInt32LE(4) + 8 !== answer.body.length) {
      report.faults.push(`${key} is torn`);
    }
  }

  async function work(worker: number): Promise<void> {
    const random = createRandom(worker);
    const pick = (count: number) => Math.floor(random() * count);
    for (let version = 1; started < operations; version += 1) {
      started += 1;
      await betweenOperations();
      const own = `objects/${worker}/${pick(keysPerWorker)}`;
      const chance = random();
      if (chance < 0.4) {
        await write(own, version);
      } else if (chance < 0.45) {
        await writeInParts(own, version);
      } else if (chance < 0.65) {
        await read(own, true);
      } else if (chance < 0.8) {
        await read(`objects/${pick(connections)}/${pick(keysPerWorker)}`, false);
      } else if (chance < 0.9) {
        await write(own, undefined);
      } else if (chance < 0.95) {
        await processOne(worker, 10 + pick(30));
      } else {
        await attempt('ListObjectsV2', own, () =>
          client.listObjectsV2({ bucket, prefix: `objects/${worker}/` }),
        );
      }
    }
  }

  await client.putObject({ bucket, key: 'source.jpg', body: await drawSource() });
  await Promise.all(Array.from({ length: connections }, (_, worker) => work(worker)));
  await server.killAndRestart();
  const listed = await listAll(client);
  for (const key of states.keys()) {
    await read(key, true);
    const exists = !states.get(key)?.has(undefined);
    if (exists !== listed.has(key)) {
      report.faults.push(`${key} is ${exists ? 'not listed' : 'listed and gone'}`);
    }
    if (exists) {
      report.verified += 1;
    }
  }
  await dispatcher.destroy();
  return report;
}

async function listAll(client: OssClient): Promise<Set<string>> {
  const keys = new Set<string>();
  let continuationToken: string | undefined;
  do {
    const page = await client.listObjectsV2({ bucket, prefix: 'objects/', maxKeys: 100, continuationToken });
    for (const { key } of page.objects) {
      keys.add(key);
    }
    continuationToken = page.nextContinuationToken;
  } while (continuationToken !== undefined);
  return keys;
}

function drawSource(): Promise<Buffer> {
  return sharp({ create: { width: 200, height: 100, channels: 3, background: '#c04040' } })
    .jpeg()
    .toBuffer();
}
