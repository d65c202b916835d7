import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Connections that have sent their last request: whatever follows is not a request, even if it looks like one. */
const ended = new WeakSet<Socket>();

/**
 * Whether a message may be answered. Node.js is set to read leniently, because clients send a length beside a chunked body
 * (live tests of ali-oss) and OSS takes that. This refuses the rest of what leniency lets through: malformed header names,
 * control characters in values, codings other than `chunked`, and whatever follows the request that ends its connection. A
 * chunked request with a length ends it, since whoever goes by the length would see another request behind it.
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
