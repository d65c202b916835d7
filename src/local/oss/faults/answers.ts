import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import type { Store } from '../store/store.ts';

/** What an answer depends on besides the request. */
export interface Circumstances {
  readonly now: () => number;
  readonly store: Store;
}

type Run = (circumstances: Circumstances) => Promise<Reply>;

/** Head and half the body, then `wait`, then the rest; an answer without body waits as a whole. */
export async function slowed(reply: Reply, wait: () => Promise<unknown>): Promise<Reply> {
  if (reply.body !== undefined) {
    return inHalves(reply, reply.body, wait);
  }
  await wait();
  return reply;
}

/** Head and half the body, then the end of the connection; an answer without body is broken off before its head. */
export function truncated(reply: Reply): Reply {
  const breakOff = async () => {
    await pause(10); // what is written must be on its way: destroying a socket discards what it still holds
    throw new Error('truncated on demand');
  };
  return inHalves(reply, reply.body ?? Buffer.alloc(1), breakOff);
}

function inHalves(reply: Reply, body: Buffer | Readable, between: () => Promise<unknown>): Reply {
  const sizeBytes = Buffer.isBuffer(body) ? body.length : Number(reply.headers?.['content-length'] ?? 0);
  return {
    ...reply,
    headers: { ...reply.headers, 'content-length': String(sizeBytes) },
    body: Readable.from(halves(Buffer.isBuffer(body) ? [body] : body, sizeBytes, between), {
      objectMode: false,
    }),
  };
}

async function* halves(
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  sizeBytes: number,
  between: () => Promise<unknown>,
): AsyncGenerator<Buffer> {
  let leftBytes = Math.floor(sizeBytes / 2);
  let isSecondHalf = false;
  for await (const chunk of chunks) {
    if (isSecondHalf || chunk.length <= leftBytes) {
      yield chunk;
    } else {
      if (leftBytes > 0) {
        yield chunk.subarray(0, leftBytes);
      }
      await between();
      yield chunk.subarray(leftBytes);
      isSecondHalf = true;
    }
    leftBytes -= chunk.length;
  }
}

/** JSON that ends in its middle, whole by its Content-Length; an error's XML stays as it is. */
export function withWrongJson(reply: Reply): Reply {
  const { headers, body } = reply;
  if (headers?.['content-type'] !== 'application/json' || !Buffer.isBuffer(body)) {
    return reply;
  }
  return { ...reply, body: body.subarray(0, Math.floor(body.length / 2)) };
}

/** Saves under another key than the one asked for, and says so as OSS would. */
export async function otherObject(store: Store, run: (store: Store) => Promise<Reply>): Promise<Reply> {
  const other = (key: string) => `${key}.other`;
  const reply = await run({ ...store, put: (put) => store.put({ ...put, key: other(put.key) }) });
  if (reply.headers?.['content-type'] !== 'application/json' || !Buffer.isBuffer(reply.body)) {
    return reply;
  }
  const answer: { object: string } = JSON.parse(reply.body.toString());
  const changed = { ...answer, object: other(answer.object) };
  return { ...reply, body: Buffer.from(JSON.stringify(changed, null, 4)) };
}

/** Answers as a server whose clock is off by so much. */
export async function withClock(run: Run, usual: Circumstances, offsetMs: number): Promise<Reply> {
  const now = () => usual.now() + offsetMs;
  return dated(await run({ ...usual, now }), now());
}

/** Clients that are told no ServerTime take the server's clock from `Date`. */
export function dated(reply: Reply, epochMs: number): Reply {
  return { ...reply, headers: { ...reply.headers, date: new Date(epochMs).toUTCString() } };
}

export function isSignedOnDayOf(epochMs: number, { headers, query }: OssRequest): boolean {
  const signedAt = headers.get('x-oss-date') ?? query.get('x-oss-date');
  return signedAt?.slice(0, 8) === new Date(epochMs).toISOString().slice(0, 10).replaceAll('-', '');
}

/** Gives up an answer that nobody will read, and the file it may hold open. */
export function discard({ body }: Reply): void {
  if (body instanceof Readable) {
    body.destroy();
  }
}
