import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers a request that is not OSS's; undefined leaves it to the next route, and at last to OSS. */
export type Route = (message: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;

/**
 * Whether a request is for a control of ours, `path` below `/-/`, from this machine, by address or as localhost. No
 * bucket is called `-`, and a page in a browser that reaches this machine by a name of its own is kept out.
 */
export function isControl({ url, headers, socket }: IncomingMessage, path: `/-/${string}`): boolean {
  return (
    url === path &&
    /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(socket.remoteAddress ?? '') &&
    /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(headers.host ?? '')
  );
}

/** Answers in JSON, which ends in a line break for those who look at it in a terminal. */
export function sendJson(response: ServerResponse, statusCode: number, answer: object): void {
  response
    .writeHead(statusCode, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(answer, null, 2)}\n`);
}

/** A body whole, or undefined when it is longer than `limitBytes`. */
export async function readMessage(message: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of message) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) {
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
