import { createHash } from 'node:crypto';
import { fieldsOf, type JsonObject } from '../../../json.ts';
import { readXmlRoot } from '../../../xml.ts';
import { createCrc64 } from '../store/crc64.ts';
import { badRequest, type OssError } from './errors.ts';
import type { OssRequest } from './request.ts';
import { readMessage } from './routes.ts';

/**
 * The body as it arrives. Throws after the last byte if the Content-MD5 or CRC-64 sent does not match, or
 * before the first if the MD5 is invalid (documented: OSS help "400 errors", InvalidDigest, InvalidCRC64).
 */
export async function* checkedBody({ headers, body }: OssRequest): AsyncGenerator<Buffer> {
  const contentMd5 = headers.get('content-md5');
  // aliyun-oss-c-sdk sends 20 bytes, of which 16 are the MD5; its live tests expect that to pass.
  const expected = contentMd5 === undefined ? undefined : Buffer.from(contentMd5, 'base64').subarray(0, 16);
  if (expected !== undefined && expected.length !== 16) {
    throw invalidDigest();
  }
  const expectedCrc64 = headers.get('x-oss-hash-crc64ecma');
  const md5 = expected && createHash('md5');
  const crc64 = expectedCrc64 === undefined ? undefined : createCrc64();
  // After a failure of the disk the rest must still be read: see `serve`.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    md5?.update(chunk);
    crc64?.update(chunk);
    yield chunk;
  }
  if (crc64?.digest() !== expectedCrc64) {
    const message = 'The x-oss-hash-crc64ecma you specified does not match what we calculated.';
    throw badRequest('InvalidCRC64', message);
  }
  if (expected !== undefined && md5?.digest().equals(expected) === false) {
    throw invalidDigest();
  }
}

/** Reads a small body, whole and checked; refuses more than `limitBytes`. */
export async function readBody(request: OssRequest, limitBytes: number): Promise<Buffer> {
  const body = await readMessage(checkedBody(request), limitBytes);
  if (body === undefined) {
    throw badRequest('InvalidArgument', `The body is longer than ${limitBytes} bytes.`);
  }
  return body;
}

/** The children of a body's root element, by name. Throws MalformedXML if the root is missing or another. */
export function readXml(body: Buffer, rootName: string): JsonObject {
  // Version 1.1 allows references to control characters, which keys may contain.
  const versioned = body.toString().replace(/^\ufeff?\s*(<\?xml[^>]*\?>)?/, '<?xml version="1.1"?>');
  // A bare `&` stands for itself (live test of aliyun-oss-cpp-sdk).
  const text = versioned.replace(/&(?!#?\w+;)/g, '&amp;');
  try {
    return fieldsOf(readXmlRoot(text, rootName));
  } catch {
    // The client need not know in which of many ways it is wrong.
    const message = `The XML you provided is not a well-formed <${rootName}> as this operation takes it.`;
    throw badRequest('MalformedXML', message);
  }
}

function invalidDigest(): OssError {
  return badRequest('InvalidDigest', 'The Content-MD5 you specified was invalid.');
}
