import type { IncomingMessage } from 'node:http';
import { forbidden } from './errors.ts';
import type { Reply } from './reply.ts';

const ofThisMachine = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/**
 * Lets web pages read our answers and all their headers, which in OSS a bucket's rules allow: pages of this
 * machine, and of the origins that the server was given. Signatures are still required.
 */
export function withCors(reply: Reply, { headers }: IncomingMessage, corsOrigins: readonly string[]): Reply {
  const { origin } = headers;
  if (!isAllowed(origin, corsOrigins)) {
    return reply;
  }
  const vary = [reply.headers?.vary, 'Origin'].filter((name) => name !== undefined).join(', ');
  const exposed = Object.keys(reply.headers ?? {}).join(', ');
  const cors = { 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed, vary };
  return { ...reply, headers: { ...reply.headers, ...cors } };
}

/** The answer to the OPTIONS request that a browser sends before a page's request. */
export function preflightReply({ headers }: IncomingMessage, corsOrigins: readonly string[]): Reply {
  const { origin = '<origin>', 'access-control-request-method': method } = headers;
  if (method === undefined || !isAllowed(origin, corsOrigins)) {
    const message = 'CORSResponse: This CORS request is not allowed';
    throw forbidden('AccessForbidden', `${message}: start with --cors ${origin} to allow it.`);
  }
  const allowed = {
    'access-control-allow-methods': method,
    'access-control-allow-headers': headers['access-control-request-headers'] ?? '*',
    'access-control-max-age': '600',
  };
  return { statusCode: 200, headers: allowed };
}

/** Whether pages of an origin may read our answers. */
export function isAllowed(origin: string | undefined, corsOrigins: readonly string[]): origin is string {
  return origin !== undefined && (ofThisMachine.test(origin) || corsOrigins.includes(origin));
}
