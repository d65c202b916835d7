import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { parseJson } from '../../../json.ts';
import { OssError } from '../../oss/http/errors.ts';
import { findRefusal, type Route } from '../../oss/http/routes.ts';
import { readAsset } from './assets.ts';
import { renderDocument } from './document.ts';
import { json, PageError, type PageReply, sendPageReply } from './reply.ts';

/** A request for the page, with its body read. */
interface PageRequest {
  query: URLSearchParams;
  body: unknown;
}

export type PageHandler = (request: PageRequest) => PageReply | Promise<PageReply>;

interface PageRoutes {
  /** By method and name below `/-/page/`, such as `GET objects`. */
  handlers: Readonly<Record<string, PageHandler>>;
  /** Takes over the lasting answer to `GET live`; `after` is the page's last entry, or empty. */
  connect: (response: ServerResponse, after: string) => void;
  /** Required in every request that changes something. */
  token: string;
  /** The folder of the built page. */
  assetsDir: string;
}

/**
 * The page's route: the document at `/` for browsers, files and answers below `/-/page/`; undefined for other
 * requests. Changes require the token, which only our own page can read.
 */
export function createPageRoute({ assetsDir, token, handlers, connect }: PageRoutes): Route {
  async function answer(message: IncomingMessage, url: URL): Promise<PageReply> {
    const { method = 'GET' } = message;
    if (url.pathname === '/') {
      const refusal = findRefusal(message);
      if (refusal !== undefined) {
        throw new PageError(403, refusal);
      }
      return renderDocument(message.headers.host ?? '');
    }
    const name = url.pathname.slice('/-/page/'.length);
    if (name.startsWith('assets/')) {
      return readAsset(assetsDir, name.slice('assets/'.length));
    }
    const handler = handlers[`${method} ${name}`];
    if (handler === undefined) {
      throw new PageError(404, `The page has no ${method} ${name}.`);
    }
    if (method !== 'GET' && message.headers['x-page-token'] !== token) {
      throw new PageError(403, 'The local OSS was restarted: try again in a moment.');
    }
    const body = method === 'GET' ? undefined : parseJson(await readText(message));
    return handler({ query: url.searchParams, body });
  }

  return (message, response) => {
    const url = pageUrl(message);
    if (url === undefined) {
      return undefined;
    }
    if (url.pathname === '/-/page/live' && message.method === 'GET') {
      // When browsers reconnect on their own, they name the last entry in a header.
      connect(response, String(message.headers['last-event-id'] ?? url.searchParams.get('after') ?? ''));
      return Promise.resolve();
    }
    return answer(message, url)
      .catch(describeError)
      .then((reply) => sendPageReply(response, reply));
  };
}

/** The URL of a request for the page. ListBuckets has the same path as the document, but is signed. */
function pageUrl({ url = '', method, headers }: IncomingMessage): URL | undefined {
  const isDocument =
    method === 'GET' &&
    headers.authorization === undefined &&
    headers.accept?.includes('text/html') === true &&
    url === '/';
  return isDocument || url.startsWith('/-/page/') ? new URL(url, 'http://localhost') : undefined;
}

/** The largest body that the page sends is the rules. */
const maxBodyBytes = 4 * 1024 * 1024;

async function readText(message: IncomingMessage): Promise<string> {
  if (Number(message.headers['content-length'] ?? Number.POSITIVE_INFINITY) > maxBodyBytes) {
    throw new PageError(413, `Expected at most ${maxBodyBytes} bytes, with their length.`);
  }
  return text(message);
}

function describeError(error: unknown): PageReply {
  if (error instanceof PageError) {
    return json({ message: error.message }, error.statusCode);
  }
  if (error instanceof OssError) {
    return json({ message: error.message, code: error.code, ec: error.details.ec }, error.statusCode);
  }
  if (error instanceof z.ZodError) {
    return json({ message: error.message }, 400);
  }
  return json({ message: `The page's server failed: ${error}` }, 500);
}
