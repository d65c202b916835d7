import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { badRequest } from './errors.ts';
import { checkBucketName, checkKey, percentDecode } from './names.ts';

export type Headers = ReadonlyMap<string, string>;
export type Query = ReadonlyMap<string, string>;

/** A request as OSS sees it. Bucket and key are empty if the request addresses none. */
export interface OssRequest {
  readonly requestId: string;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  /** Lower-case names; values as received, one character per byte, repeated headers joined by a comma. */
  readonly headers: Headers;
  readonly body: Readable;
  readonly sourceIp: string;
  /** The signer's name in events; `anonymous` until the signature has been verified. */
  readonly principalId: string;
}

/** Connections that have sent their last request: anything after it is not a request, even if it looks so. */
const ended = new WeakSet<Socket>();

/**
 * Whether a message may be answered. Node.js is set to read leniently, because clients send a length with a
 * chunked body (live tests of ali-oss) and OSS accepts that. This refuses what else gets through: malformed
 * header names, control characters in values, codings other than `chunked`, bytes after a last request.
 * Chunked requests with a length are last: going by the length, another request may seem to follow.
 */
export function hasSoundFraming(message: IncomingMessage, response: ServerResponse): boolean {
  const { socket, rawHeaders, headers } = message;
  const { 'transfer-encoding': coding, 'content-length': length } = headers;
  const isName = (text: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(text);
  const isValue = (text: string) =>
    [...text].every((each) => each === '\t' || (each >= ' ' && each !== '\x7f'));
  const isSound = rawHeaders.every((text, index) => (index % 2 === 0 ? isName(text) : isValue(text)));
  const isFirst = !ended.has(socket);
  const isFramed = isSound && (coding ?? 'chunked').toLowerCase() === 'chunked';
  response.shouldKeepAlive &&= isFramed && (coding === undefined || length === undefined);
  if (!response.shouldKeepAlive) {
    ended.add(socket);
  }
  return isFirst && isFramed;
}

/** Reads the raw request line and headers. Throws `OssError` 400 if it cannot be a request for OSS. */
export function readRequest(message: IncomingMessage, requestId: string): OssRequest {
  const named = Object.entries(message.headersDistinct);
  const headers = new Map(named.map(([name, values = []]) => [name, values.join(',')]));
  // The raw target: `new URL` would collapse `a/../b`, which is a key like any other.
  const [path = '', query = ''] = (message.url ?? '').split(/\?(.*)/s);
  if (!path.startsWith('/')) {
    throw badRequest('InvalidURI', 'The request target must begin with a slash.');
  }
  return {
    requestId,
    method: message.method ?? 'GET',
    ...readAddress(headers.get('host') ?? '', path.slice(1)),
    query: readQuery(query),
    headers,
    body: message,
    sourceIp: message.socket.remoteAddress ?? '',
    principalId: 'anonymous',
  };
}

/**
 * Virtual-hosted (`bucket.endpoint`), or path style for an IP address, a name without a dot, containers' name
 * for this machine, and a bare OSS endpoint (documented: OSS help "OSS domain names"; OSS has no path style).
 */
function readAddress(host: string, rawPath: string): { bucket: string; key: string } {
  const hostname = host.replace(/:\d+$/, '').toLowerCase();
  const isEndpoint =
    !hostname.includes('.') ||
    isIP(hostname) !== 0 ||
    // Containers use these names for their host: `host.docker.internal`, `host.containers.internal`.
    /^host\.[a-z-]+\.internal$/.test(hostname) ||
    /^(s3\.)?oss-[a-z0-9-]+\.aliyuncs\.com$/.test(hostname);
  // For ListBuckets at an IP address, C#'s client asks for `///`; Node's asks `.oss-cn-beijing.aliyuncs.com`.
  const address = isEndpoint ? rawPath.replace(/^\/+$/, '') : `${hostname.split('.')[0]}/${rawPath}`;
  const [rawBucket = '', rawKey = ''] = address.split(/\/(.*)/s);
  const bucket = percentDecode(rawBucket);
  return {
    bucket: bucket === '' && rawKey === '' ? '' : checkBucketName(bucket),
    key: rawKey === '' ? '' : checkKey(percentDecode(rawKey)),
  };
}

function readQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split('&').filter((part) => part !== '')) {
    const [rawName = '', rawValue = ''] = pair.split(/=(.*)/s);
    const name = percentDecode(rawName);
    const value = percentDecode(rawValue);
    if (name === undefined || value === undefined) {
      throw badRequest('InvalidArgument', 'The query string is not UTF-8.');
    }
    if (query.has(name)) {
      throw badRequest('InvalidArgument', `The query parameter ${name} is given twice.`);
    }
    query.set(name, value);
  }
  return query;
}
