import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Answers a request that is not for OSS, such as one below `/-/` (no bucket is called `-`). Undefined passes
 * it to the next route, and finally to OSS.
 */
export type Route = (message: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;

/**
 * Whether a request names this machine. Any other Host names a bucket, whose keys may begin with `-/`. So a
 * web page that reaches this machine by another name (DNS rebinding) only finds OSS.
 */
export function namesThisMachine({ headers }: IncomingMessage): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(headers.host ?? '');
}

/**
 * Says why a request to this machine may not use the page or anything below `/-/`; undefined if it may. Only
 * our own page may: browsers name the requesting page in `Origin`, or say in `Sec-Fetch-Site` that it belongs
 * to another site. Links to the page are allowed. Other machines cannot reach the port: see `listen`.
 */
export function findRefusal({ url = '', headers }: IncomingMessage): string | undefined {
  const { host, origin } = headers;
  if (origin !== undefined && (origin !== `http://${host}` || !url.startsWith('/-/page/'))) {
    return `Pages of ${origin} may not do this.`;
  }
  const site = headers['sec-fetch-site'] ?? 'none';
  const isVisit = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  const isOurs = site === 'same-origin' || site === 'none' || isVisit;
  return isOurs ? undefined : 'Pages of other sites may not do this.';
}

/** Answers with JSON, with a final line break for people who view it in a terminal. */
export function sendJson(response: ServerResponse, statusCode: number, answer: object): void {
  response
    .writeHead(statusCode, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(answer, null, 2)}\n`);
}

/** Reads a whole body; beyond `limitBytes` to its end, but undefined: clients may send all, then listen. */
export async function readMessage(message: AsyncIterable<Uint8Array>, limitBytes: number) {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of message) {
    sizeBytes += chunk.length;
    if (sizeBytes <= limitBytes) {
      chunks.push(chunk);
    }
  }
  return sizeBytes > limitBytes ? undefined : Buffer.concat(chunks);
}
