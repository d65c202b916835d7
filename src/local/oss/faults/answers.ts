import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Reply } from '../http/reply.ts';

/** Head and half the body, then `wait`, then the rest; an answer without body waits as a whole. */
export async function slowed(reply: Reply, wait: () => Promise<unknown>): Promise<Reply> {
  if (reply.body === undefined) {
    await wait();
    return reply;
  }
  return inHalves(reply, await bodyOf(reply), wait);
}

/** Head and half the body, then the connection ends; an answer without body is broken off before its head. */
export async function truncated(reply: Reply): Promise<Reply> {
  return inHalves(reply, reply.body === undefined ? Buffer.alloc(1) : await bodyOf(reply), async () => {
    await pause(10); // what is written must be on its way: destroying a socket discards what it still holds
    throw new Error('truncated on demand');
  });
}

function inHalves(reply: Reply, body: Buffer, between: () => Promise<unknown>): Reply {
  const middle = Math.floor(body.length / 2);
  async function* halves() {
    if (middle > 0) {
      yield body.subarray(0, middle);
    }
    await between();
    yield body.subarray(middle);
  }
  // An answer in chunks names no length.
  const length = reply.headers?.['transfer-encoding'] ? {} : { 'content-length': String(body.length) };
  const headers = { ...reply.headers, ...length };
  return { ...reply, headers, body: Readable.from(halves(), { objectMode: false }) };
}

/** JSON that ends in its middle, whole by its Content-Length; an error's XML stays as it is. */
export function withWrongJson(reply: Reply): Reply {
  const { headers, body } = reply;
  if (headers?.['content-type'] !== 'application/json' || !Buffer.isBuffer(body)) {
    return reply;
  }
  return { ...reply, body: body.subarray(0, Math.floor(body.length / 2)) };
}

/** Clients that are told no ServerTime take the server's clock from `Date`. */
export function dated(reply: Reply, timeMs: number): Reply {
  return { ...reply, headers: { ...reply.headers, date: new Date(timeMs).toUTCString() } };
}

/** Gives up an answer that nobody will read, and the file it may hold open. */
export function discard({ body }: Reply): void {
  if (body instanceof Readable) {
    body.destroy();
  }
}

/** All of a body, in memory: good enough for a fault that somebody asked for. */
async function bodyOf({ body }: Reply): Promise<Buffer> {
  return body instanceof Readable ? Buffer.concat(await body.toArray()) : (body ?? Buffer.alloc(0));
}
