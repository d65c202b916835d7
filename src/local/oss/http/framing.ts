import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Connections whose last request has come: what follows it is none, whatever it looks like. */
const ended = new WeakSet<Socket>();

/**
 * Whether a message may be answered. Node.js reads leniently here, since it refuses a length beside a chunked body by
 * itself, which clients send (live tests of ali-oss) and OSS takes. What else that lets through is refused by this: header
 * names that are none, control characters in values, codings but `chunked`, and requests behind the one that ends its
 * connection, as a chunked one with a length does: whoever counts the other way round sees another request there.
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
