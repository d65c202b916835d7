import { createHash } from 'node:crypto';
import { badRequest, type OssError } from './errors.ts';
import type { OssRequest } from './request.ts';
import { readMessage } from './routes.ts';

/**
 * The body as it comes. Throws after its last byte when it does not match the Content-MD5 sent along, and before its first
 * when that header is not an MD5 (documented: OSS help, "The Content-MD5 you specified was invalid": InvalidDigest).
 */
export async function* checkedBody({ headers, body }: OssRequest): AsyncGenerator<Buffer> {
  const contentMd5 = headers.get('content-md5');
  const expected = contentMd5 === undefined ? undefined : Buffer.from(contentMd5, 'base64');
  if (expected !== undefined && expected.length !== 16) {
    throw invalidDigest();
  }
  const md5 = createHash('md5');
  for await (const chunk of body) {
    md5.update(chunk);
    yield chunk;
  }
  if (expected !== undefined && !md5.digest().equals(expected)) {
    throw invalidDigest();
  }
}

/** A small body, whole and checked; more than `limitBytes` is refused. */
export async function readBody(request: OssRequest, limitBytes: number): Promise<Buffer> {
  const body = await readMessage(checkedBody(request), limitBytes);
  if (body === undefined) {
    throw badRequest('InvalidArgument', `The body is longer than ${limitBytes} bytes.`);
  }
  return body;
}

function invalidDigest(): OssError {
  return badRequest('InvalidDigest', 'The Content-MD5 you specified was invalid.');
}
