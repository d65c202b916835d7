import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OssError } from './errors.ts';
import type { OssRequest } from './request.ts';
import { type XmlElements, xmlDocument } from './xml.ts';

export interface Reply {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | Readable;
}

export function xmlReply(elements: XmlElements): Reply {
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/xml' },
    body: Buffer.from(xmlDocument(elements)),
  };
}

/**
 * The error document and headers (documented: OSS help "Error response": XML, `x-oss-ec`; for HEAD, which has no
 * body, the document in Base64 in `x-oss-err`). What is no `OssError` is a fault of ours: 500 InternalError.
 */
export function errorReply(
  error: unknown,
  address: Pick<OssRequest, 'method' | 'host' | 'requestId'>,
): Reply {
  const oss = error instanceof OssError ? error : internalError();
  const document = xmlDocument({
    Error: {
      Code: oss.code,
      Message: oss.message,
      RequestId: address.requestId,
      HostId: address.host.replace(/:\d+$/, ''),
      ...oss.extra,
      EC: oss.ec,
      RecommendDoc: oss.ec && `https://api.aliyun.com/troubleshoot?q=${oss.ec}`,
    },
  });
  const ec = { ...oss.headers, ...(oss.ec === undefined ? {} : { 'x-oss-ec': oss.ec }) };
  if (oss.statusCode === 304) {
    return { statusCode: 304, headers: ec };
  }
  if (address.method === 'HEAD') {
    return {
      statusCode: oss.statusCode,
      headers: { ...ec, 'x-oss-err': Buffer.from(document).toString('base64') },
    };
  }
  const headers = { 'content-type': 'application/xml', ...ec };
  return { statusCode: oss.statusCode, headers, body: Buffer.from(document) };
}

/** Sends a reply; resolves when it is sent or the client went away. */
export async function sendReply(response: ServerResponse, reply: Reply, requestId: string): Promise<void> {
  const headers: Record<string, string | number> = { Server: 'AliyunOSS', 'x-oss-request-id': requestId };
  Object.assign(headers, reply.headers);
  if (reply.body === undefined || Buffer.isBuffer(reply.body)) {
    // A bodiless HEAD names the length of the object itself; 204 and 304 name none.
    if (reply.statusCode !== 204 && reply.statusCode !== 304) {
      headers['content-length'] ??= reply.body?.length ?? 0;
    }
    response.writeHead(reply.statusCode, headers).end(reply.body);
    return;
  }
  response.writeHead(reply.statusCode, headers);
  await pipeline(reply.body, response);
}

function internalError(): OssError {
  const message = 'We encountered an internal error. Please try again.';
  return new OssError({ statusCode: 500, code: 'InternalError', message });
}
