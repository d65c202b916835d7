import type { ServerResponse } from 'node:http';

/** An answer of the page's server. */
export interface PageReply {
  statusCode?: number | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  body: Buffer | string;
}

/** An answer other than success; the message is for the person at the page. */
export class PageError extends Error {
  override name = 'PageError';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** An answer of JSON. */
export function json(value: unknown, statusCode = 200): PageReply {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** Every answer has them: no script is guessed in it or run by it, no other site frames or reads it. */
const guards = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "sandbox; default-src 'none'",
  'cache-control': 'no-store',
};

/** Sends an answer, with the headers that guard the page. */
export function sendPageReply(
  response: ServerResponse,
  { statusCode = 200, headers, body }: PageReply,
): void {
  response
    .writeHead(statusCode, { ...guards, 'content-length': Buffer.byteLength(body), ...headers })
    .end(body);
}
