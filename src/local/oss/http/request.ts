import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { badRequest } from './errors.ts';
import { checkBucketName, checkKey, percentDecode } from './names.ts';

export type Headers = ReadonlyMap<string, string>;
export type Query = ReadonlyMap<string, string>;

/** A request as OSS sees it. Bucket and key are empty where the request addresses none. */
export interface OssRequest {
  readonly requestId: string;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  /** Lower-case names; values as received, one character a byte, repeated headers joined by a comma. */
  readonly headers: Headers;
  readonly body: Readable;
  readonly sourceIp: string;
  /** The signer's name in events; `anonymous` until the signature has been verified. */
  readonly principalId: string;
}

/** Connections that have sent their last request: what follows is none, even if it looks like one. */
const ended = new WeakSet<Socket>();

/**
 * Whether a message may be answered. Node.js is set to read leniently, because clients send a length beside a
 * chunked body (live tests of ali-oss) and OSS takes that. This refuses what else comes through so: malformed
 * header names, control characters in values, codings other than `chunked`, what follows a last request. Such
 * is a chunked one with a length, since whoever goes by the length would see another request behind it.
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

/** Reads the raw request line and headers; throws `OssError` 400 for what no OSS request can be. */
export function readRequest(message: IncomingMessage, requestId: string): OssRequest {
  const named = Object.entries(message.headersDistinct);
  const headers = new Map(named.map(([name, values = []]) => [name, values.join(',')]));
  // The raw target, never through `new URL`, which would collapse `a/../b`, an object key like any other.
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
    // Containers call the machine that they run on so: `host.docker.internal`, `host.containers.internal`.
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
    const [name, value] = [percentDecode(rawName), percentDecode(rawValue)];
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
