import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Reply } from '../http/reply.ts';

/** Sends head and half the body, waits, then sends the rest. Without a body the whole answer waits. */
export async function slowed(reply: Reply, wait: () => Promise<unknown>): Promise<Reply> {
  if (reply.body === undefined) {
    await wait();
    return reply;
  }
  return inHalves(reply, await bodyOf(reply), wait);
}

/** Sends head and half the body, then breaks the connection; without a body, breaks it before the head. */
export async function truncated(reply: Reply): Promise<Reply> {
  return inHalves(reply, reply.body === undefined ? Buffer.alloc(1) : await bodyOf(reply), async () => {
    await pause(10); // Destroying the socket would discard what it has not sent yet.
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
  // A chunked answer has no length.
  const length = reply.headers?.['transfer-encoding'] ? {} : { 'content-length': String(body.length) };
  const headers = { ...reply.headers, ...length };
  return { ...reply, headers, body: Readable.from(halves(), { objectMode: false }) };
}

/** Cuts JSON in the middle, with a matching Content-Length. An error's XML stays as it is. */
export function withWrongJson(reply: Reply): Reply {
  const { headers, body } = reply;
  if (headers?.['content-type'] !== 'application/json' || !Buffer.isBuffer(body)) {
    return reply;
  }
  return { ...reply, body: body.subarray(0, Math.floor(body.length / 2)) };
}

/** Sets `Date`, from which clients take the server's clock if they get no ServerTime. */
export function dated(reply: Reply, timeMs: number): Reply {
  return { ...reply, headers: { ...reply.headers, date: new Date(timeMs).toUTCString() } };
}

/** Discards an answer that nobody will read, and the file that it may hold open. */
export function discard({ body }: Reply): void {
  if (body instanceof Readable) {
    body.destroy();
  }
}

/** A whole body in memory, which is acceptable for a fault that was asked for. */
async function bodyOf({ body }: Reply): Promise<Buffer> {
  return body instanceof Readable ? Buffer.concat(await body.toArray()) : (body ?? Buffer.alloc(0));
}
