import { createHash } from 'node:crypto';
import { badRequest } from './errors.ts';
import type { OssRequest } from './request.ts';
import { readMessage } from './routes.ts';

/** Checks a body once all of it has passed. */
type BodyCheck = (digest: { readonly md5: Buffer }) => void;

/**
 * The check of a body against the Content-MD5 sent along (documented: OSS help, "The Content-MD5 you specified was
 * invalid": InvalidDigest). Throws at once when what was sent is no MD5; accepts everything when none was sent.
 */
export function contentMd5Check({ headers }: OssRequest): BodyCheck {
  const contentMd5 = headers.get('content-md5');
  if (contentMd5 === undefined) {
    return () => {};
  }
  const expected = Buffer.from(contentMd5, 'base64');
  const check: BodyCheck = ({ md5 }) => {
    if (!md5.equals(expected)) {
      throw badRequest('InvalidDigest', 'The Content-MD5 you specified was invalid.');
    }
  };
  if (expected.length !== 16) {
    check({ md5: Buffer.alloc(0) });
  }
  return check;
}

/** A small body, whole and checked; more than `limitBytes` is refused. */
export async function readBody(request: OssRequest, limitBytes: number): Promise<Buffer> {
  const check = contentMd5Check(request);
  const body = await readMessage(request.body, limitBytes);
  if (body === undefined) {
    throw badRequest('InvalidArgument', `The body is longer than ${limitBytes} bytes.`);
  }
  check({ md5: createHash('md5').update(body).digest() });
  return body;
}
