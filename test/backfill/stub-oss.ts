import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { portOf } from '../port-of.ts';

export interface StubOss {
  readonly url: string;
  /** Calls to process each object, by the number in its key. */
  readonly calls: Uint8Array;
  /** Objects that must not be processed any more: a call for one of these is counted. */
  readonly done: Uint8Array;
  readonly callsForDone: number;
  readonly total: number;
  /** Resolves when so many calls were made in all. */
  reached(total: number): Promise<void>;
  /** Resolves when no connection is left: then each call that a killed process sent has been counted. */
  deserted(): Promise<void>;
  close(): Promise<void>;
}

export const keyOf = (number: number) => `uploads/${String(number).padStart(8, '0')}.jpg`;
export const numberOf = (key: string) => Number(key.slice(8, 16));

/** Objects that OSS refuses to process, whatever the style. */
export const isBroken = (number: number) => number % 1_009 === 7;

/**
 * An OSS that has `count` objects and stores nothing: it lists them, checks no signature, and answers a call
 * to process one after some milliseconds, every 500th with 503 at the first attempt.
 */
export async function startStubOss(count: number): Promise<StubOss> {
  const [calls, done, throttled] = [new Uint8Array(count), new Uint8Array(count), new Uint8Array(count)];
  let [total, callsForDone] = [0, 0];
  const waiting: { total: number; resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    response.setHeader('x-oss-request-id', 'STUB');
    if (request.method === 'GET') {
      const after = searchParams.get('continuation-token') ?? searchParams.get('start-after');
      response.end(listing(after === null ? 0 : numberOf(after) + 1, count));
      return;
    }
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const number = numberOf(pathname.slice('/photos/'.length));
      if (number % 500 === 3 && throttled[number] === 0) {
        throttled[number] = 1;
        response.writeHead(503).end('<Error><Code>CpuLimitExceeded</Code><Message>slower</Message></Error>');
        return;
      }
      calls[number] = (calls[number] ?? 0) + 1;
      callsForDone += done[number] ?? 0;
      total += 1;
      for (const one of waiting.filter((wait) => wait.total === total)) {
        one.resolve();
      }
      setTimeout(() => {
        if (isBroken(number)) {
          response.writeHead(400).end('<Error><Code>BadRequest</Code><Message>broken</Message></Error>');
        } else {
          const [, key = ''] = /o_([\w-]+)/.exec(body) ?? [];
          const object = Buffer.from(key, 'base64url').toString();
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify({ bucket: 'photos', fileSize: 1, object, status: 'OK' }));
        }
      }, number % 8);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    calls,
    done,
    get callsForDone() {
      return callsForDone;
    },
    get total() {
      return total;
    },
    reached: (wanted) => new Promise((resolve) => waiting.push({ total: wanted, resolve })),
    async deserted() {
      while ((await promisify(server.getConnections).call(server)) > 0) {
        await sleep(5);
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listing(first: number, count: number): string {
  const end = Math.min(first + 1_000, count);
  const contents = Array.from({ length: end - first }, (_, i) => {
    const time = '2026-01-01T00:00:00.000Z';
    const properties = `<LastModified>${time}</LastModified><ETag>"A"</ETag><Size>9</Size>`;
    return `<Contents><Key>${keyOf(first + i)}</Key>${properties}</Contents>`;
  });
  const next = `<NextContinuationToken>${keyOf(end - 1)}</NextContinuationToken>`;
  const page = end < count ? `<IsTruncated>true</IsTruncated>${next}` : '<IsTruncated>false</IsTruncated>';
  return `<ListBucketResult>${page}${contents.join('')}</ListBucketResult>`;
}
