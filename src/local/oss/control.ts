import type { IncomingMessage } from 'node:http';

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
