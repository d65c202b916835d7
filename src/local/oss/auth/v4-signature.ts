import { createHash, createHmac } from 'node:crypto';
import type { OssRequest } from '../http/request.ts';

/** `{id}/{date}/{region}/{product}/aliyun_v4_request`: the signer, and what the signature is valid for. */
export interface V4Credential {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly product: string;
}

export interface V4Signing {
  readonly credential: V4Credential;
  /** `yyyyMMddTHHmmssZ` */
  readonly signedAt: string;
  readonly additionalHeaders: readonly string[];
}

type SignedParts = Pick<OssRequest, 'method' | 'bucket' | 'key' | 'query' | 'headers'>;

/** The text to sign, by OSS help "Include a V4 signature"; `emptyValue` follows a parameter without value. */
export function stringToSignV4(request: SignedParts, signing: V4Signing, emptyValue: '' | '=' = ''): string {
  const { credential, signedAt, additionalHeaders } = signing;
  const canonical = canonicalRequest(request, additionalHeaders, emptyValue);
  // latin1, because header values have one character per byte, and the hash is over the bytes received.
  const hash = createHash('sha256').update(canonical, 'latin1').digest('hex');
  const scope = [credential.date, credential.region, credential.product, 'aliyun_v4_request'].join('/');
  return ['OSS4-HMAC-SHA256', signedAt, scope, hash].join('\n');
}

/** Signs a text with the key of this day, region and product: a string to sign, or a form's policy. */
export function signTextV4(text: string, { date, region, product }: V4Credential, secret: string): string {
  const hmac = (key: string | Buffer, part: string) => createHmac('sha256', key).update(part).digest();
  const steps = [date, region, product, 'aliyun_v4_request', text];
  return steps.reduce<string | Buffer>(hmac, `aliyun_v4${secret}`).toString('hex');
}

/** Method, URI with the bucket in any URL style, query, headers, additional header names, payload token. */
function canonicalRequest(request: SignedParts, additionalHeaders: readonly string[], emptyValue: string) {
  const { method, bucket, key, query, headers } = request;
  const uri = bucket === '' ? '/' : `/${bucket}/${key.split('/').map(percentEncode).join('/')}`;
  const pairs = [...query]
    .filter(([name]) => name !== 'x-oss-signature')
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => name + (value === '' ? emptyValue : `=${value}`));
  const isSigned = (name: string) =>
    /^(content-type|content-md5|x-oss-.*)$/.test(name) || additionalHeaders.includes(name);
  const lines = [...headers.keys()]
    .filter(isSigned)
    .sort()
    .map((name) => `${name}:${headers.get(name)}\n`);
  const payload = headers.get('x-oss-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  return [method, uri, pairs.join('&'), lines.join(''), additionalHeaders.join(';'), payload].join('\n');
}

/** Encodes all but `A-Z a-z 0-9 - _ . ~`. It is not the signer's encoder, so that a fault there shows. */
function percentEncode(text: string): string {
  const hex = (byte: string) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  return Buffer.from(text)
    .toString('latin1')
    .replace(/[^\w.~-]/g, hex);
}
