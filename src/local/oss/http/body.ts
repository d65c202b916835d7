import { createHash } from 'node:crypto';
import { badRequest } from './errors.ts';
import type { OssRequest } from './request.ts';

/**
 * Checks a body against the Content-MD5 sent along (documented: OSS help, "The Content-MD5 you specified was invalid":
 * InvalidDigest). Undefined when none was sent; throws when what was sent is no MD5.
 */
export function contentMd5Check(
  request: OssRequest,
): ((digest: { readonly md5: Buffer }) => void) | undefined {
  const contentMd5 = request.headers.get('content-md5');
  if (contentMd5 === undefined) {
    return undefined;
  }
  const expected = Buffer.from(contentMd5, 'base64');
  const refuse = () => badRequest('InvalidDigest', 'The Content-MD5 you specified was invalid.');
  if (expected.length !== 16) {
    throw refuse();
  }
  return ({ md5 }) => {
    if (!md5.equals(expected)) {
      throw refuse();
    }
  };
}

/** A small body, whole and checked; more than `limitBytes` is refused. */
export async function readBody(request: OssRequest, limitBytes: number): Promise<Buffer> {
  const verify = contentMd5Check(request);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.body) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) {
      throw badRequest('InvalidArgument', `The body is longer than ${limitBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  verify?.({ md5: createHash('md5').update(body).digest() });
  return body;
}
