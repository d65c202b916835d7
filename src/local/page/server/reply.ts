import type { ServerResponse } from 'node:http';

/** An answer of the page's server. */
export interface PageReply {
  statusCode?: number | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  body: Buffer | string;
}

/** An answer other than success; the message is for the user of the page. */
export class PageError extends Error {
  override name = 'PageError';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

export function json(value: unknown, statusCode = 200): PageReply {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** Sent with every answer: it neither runs scripts nor counts as one, and no other site can read it. */
const guards = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "sandbox; default-src 'none'",
  'cache-control': 'no-store',
};

/** Sends an answer, with the headers that protect the page. */
export function sendPageReply(
  response: ServerResponse,
  { statusCode = 200, headers, body }: PageReply,
): void {
  response
    .writeHead(statusCode, { ...guards, 'content-length': Buffer.byteLength(body), ...headers })
    .end(body);
}
