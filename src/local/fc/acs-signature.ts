import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { encodeComponent } from '../../oss/encode.ts';
import type { AccessKey } from '../oss/auth/access-keys.ts';

const algorithm = 'ACS3-HMAC-SHA256';

/** How old or early a signature may be (OpenAPI help: "Request syntax and signature method V3"). */
const maxSkewMs = 15 * 60 * 1_000;

/** Whether a request claims a signature of Alibaba Cloud's OpenAPI. */
export function isAcsRequest({ headers }: IncomingMessage): boolean {
  return headers.authorization?.startsWith(`${algorithm} `) === true;
}

/** Says what is wrong with a signature (V3 of Alibaba Cloud's OpenAPI); undefined if it is right. */
export function findSignatureProblem(
  { method = '', url = '', headers }: IncomingMessage,
  body: Buffer,
  accessKey: AccessKey,
  nowMs: number,
): string | undefined {
  const pattern = /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/;
  const [, accessKeyId = '', names = '', signature = ''] = pattern.exec(headers.authorization ?? '') ?? [];
  if (accessKeyId !== accessKey.id) {
    return 'InvalidAccessKeyId.NotFound';
  }
  if (!(Math.abs(Date.parse(String(headers['x-acs-date'])) - nowMs) <= maxSkewMs)) {
    return 'InvalidTimeStamp.Expired';
  }
  const hash = createHash('sha256').update(body).digest('hex');
  const { pathname, searchParams } = new URL(`http://localhost${url}`);
  const query = [...searchParams]
    .map(([name, value]) => `${encodeComponent(name)}=${encodeComponent(value)}`)
    .sort();
  const required = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-acs-'))];
  const signed = names.split(';');
  if (!required.every((name) => signed.includes(name))) {
    return 'SignatureDoesNotMatch';
  }
  const lines = signed.map((name) => `${name}:${String(headers[name] ?? '').trim()}\n`);
  const canonical = [method, pathname, query.join('&'), lines.join(''), names, hash].join('\n');
  const toSign = `${algorithm}\n${createHash('sha256').update(canonical).digest('hex')}`;
  const expected = createHmac('sha256', accessKey.secret).update(toSign).digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'hex')) ? undefined : 'SignatureDoesNotMatch';
}
