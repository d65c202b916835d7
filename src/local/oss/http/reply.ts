import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { XMLBuilder } from 'fast-xml-parser';
import { OssError } from './errors.ts';

export interface Reply {
  readonly statusCode: number;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Buffer | Readable | undefined;
}

/** An element: text, nothing (left out), children, or several elements of the same name. */
export interface XmlElements {
  readonly [name: string]: string | number | boolean | undefined | XmlElements | readonly XmlElements[];
}

const builder = new XMLBuilder({
  format: true,
  indentBy: '  ',
  processEntities: false,
  // Line ends would otherwise be changed. OSS writes other control characters, which XML forbids anyway, as
  // they are (live test of ali-oss).
  tagValueProcessor: (_, value) =>
    String(value).replace(/[&<>\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`),
});

/** A document as OSS writes it; its root is the only key of `elements`. */
export function xmlReply(elements: XmlElements, headers: Reply['headers'] = {}, statusCode = 200) {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(elements)}`);
  return { statusCode, headers: { 'content-type': 'application/xml', ...headers }, body };
}

/** A 200 with JSON, indented like OSS's. */
export function jsonReply(value: object): Reply {
  const body = Buffer.from(JSON.stringify(value, null, 4));
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body };
}

/**
 * The error document and headers (documented in OSS help "Error response": XML, `x-oss-ec`; for HEAD the
 * document in Base64 in `x-oss-err`). Anything but an `OssError` is our own fault: 500 InternalError.
 */
export function errorReply(error: unknown, message: IncomingMessage, requestId: string): Reply {
  const internal = 'We encountered an internal error. Please try again.';
  const oss = error instanceof OssError ? error : new OssError(500, 'InternalError', internal);
  const { statusCode, details } = oss;
  const { ec, extra } = details;
  const headers = { ...details.headers, ...(ec !== undefined && { 'x-oss-ec': ec }) };
  if (statusCode === 304) {
    return { statusCode, headers };
  }
  const document = {
    Code: oss.code,
    Message: oss.message,
    RequestId: requestId,
    HostId: message.headers.host?.replace(/:\d+$/, '') ?? '',
    ...extra,
    EC: ec,
    RecommendDoc: ec && `https://api.aliyun.com/troubleshoot?q=${ec}`,
  };
  const reply = xmlReply({ Error: document }, headers, statusCode);
  if (message.method === 'HEAD') {
    return { statusCode, headers: { ...headers, 'x-oss-err': reply.body.toString('base64') } };
  }
  return reply;
}

/**
 * Sent with every answer, because our page has the same origin as the objects: a browser that opens an HTML
 * or SVG object runs none of its scripts, and does not guess another type.
 */
const browserGuards = [
  ['content-security-policy', "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"],
  ['x-content-type-options', 'nosniff'],
] as const;

/** Sends a reply; resolves when it is sent or the client has disconnected. */
export async function sendReply(response: ServerResponse, reply: Reply): Promise<void> {
  const { statusCode, headers: { 'content-length': ownLength, ...headers } = {}, body } = reply;
  const sent = new Map<string, string | number>([
    ['server', 'AliyunOSS'],
    ...Object.entries(headers),
    ...browserGuards,
  ]);
  const isWhole = body === undefined || Buffer.isBuffer(body);
  // A HEAD names the length of the object; 204, 304 and chunked answers have none.
  const isSized = isWhole && statusCode !== 204 && statusCode !== 304 && !sent.has('transfer-encoding');
  const length = ownLength ?? (isSized ? (body?.length ?? 0) : undefined);
  if (length !== undefined) {
    // Last, because after it Node.js would refuse a Content-Disposition with a Chinese file name.
    sent.set('content-length', length);
  }
  const named = [...sent].map(([name, value]) => [wireName(name), value]);
  response.writeHead(statusCode, Object.fromEntries(named));
  if (isWhole) {
    response.end(body);
  } else if (!response.destroyed) {
    // Node.js 24 would leave the body open if the client has already disconnected.
    await pipeline(body, response);
  }
}

/** `Content-MD5`, as HTTP writes it and case-sensitive clients expect it; OSS's own are in lower case. */
function wireName(name: string): string {
  if (name.startsWith('x-oss-')) {
    return name;
  }
  return name
    .replace(/(^|-)([a-z])/g, (start) => start.toUpperCase())
    .replace(/^Etag$/, 'ETag')
    .replace(/Md5$/, 'MD5');
}
