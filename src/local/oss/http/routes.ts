import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Answers a request that is not OSS's, such as one below `/-/`, since no bucket is called `-`; undefined
 * leaves it to the next route, and at last to OSS.
 */
export type Route = (message: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;

/**
 * Whether a request names this machine. Any other Host names a bucket, whose keys may begin with `-/`; so a
 * browser's page that reaches this machine by a name of its own (DNS rebinding) finds nothing but OSS.
 */
export function namesThisMachine({ headers }: IncomingMessage): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(headers.host ?? '');
}

/**
 * Why a request that names this machine may not use the page, or what lies below `/-/`; undefined where it
 * may. Only our own page may: browsers name the page that asks in `Origin`, or tell in `Sec-Fetch-Site` that
 * it is another one's. A link may lead to the page. No other machine reaches the port: see `listen`.
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

/** Answers in JSON, which ends in a line break for those who look at it in a terminal. */
export function sendJson(response: ServerResponse, statusCode: number, answer: object): void {
  response
    .writeHead(statusCode, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(answer, null, 2)}\n`);
}

/** A whole body; undefined beyond `limitBytes`, yet read to its end: clients may send all and then listen. */
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
