import { createHash, createHmac } from 'node:crypto';
import { badRequest } from '../http/errors.ts';
import type { Headers, OssRequest } from '../http/request.ts';
import {
  type Claim,
  checkSkew,
  checkValidity,
  invalidAuthorization,
  invalidDate,
  invalidExpires,
  parseHttpDate,
  parseIsoDate,
  type Signed,
} from './claim.ts';

/** `{id}/{date}/{region}/{product}/aliyun_v4_request`: who signs, and what the signature is valid for. */
export interface V4Credential {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly product: string;
}

/** How a request was signed. */
export interface V4Signing {
  readonly credential: V4Credential;
  /** `yyyyMMddTHHmmssZ` */
  readonly signedAt: string;
  readonly additionalHeaders: readonly string[];
}

const maxExpiresSeconds = 7 * 24 * 3600;

/** `OSS4-HMAC-SHA256 Credential={credential}[,AdditionalHeaders=a;b],Signature={hex}` */
export function parseAuthorization(authorization: string) {
  const [, credential = '', additionalHeaders, signature] =
    /^OSS4-HMAC-SHA256 Credential=([^,]+),\s*(?:AdditionalHeaders=([^,]*),\s*)?Signature=(\S+)$/.exec(
      authorization,
    ) ?? [];
  if (signature === undefined) {
    throw invalidAuthorization();
  }
  return {
    credential: parseCredential(credential),
    additionalHeaders: namesIn(additionalHeaders),
    signature,
  };
}

export function parseCredential(text = ''): V4Credential {
  const [accessKeyId, date, region, product, terminator] = text.split('/');
  if (!accessKeyId || !date || !region || !product) {
    throw invalidAuthorization();
  }
  if (terminator !== 'aliyun_v4_request') {
    throw badRequest('InvalidArgument', 'Invalid signing terminator in Authorization header.');
  }
  return { accessKeyId, date, region, product };
}

export function readV4Header(
  request: OssRequest,
  authorization: string,
  region: string,
  nowMs: number,
): Claim {
  const { headers } = request;
  const { signature, ...signing } = parseAuthorization(authorization);
  const { signedAt, signedMs } = readDate(headers);
  checkScope(signing.credential, signedAt, region);
  if (headers.get('x-oss-content-sha256') !== 'UNSIGNED-PAYLOAD') {
    const message = 'x-oss-content-sha256 must be UNSIGNED-PAYLOAD.';
    throw badRequest('InvalidArgument', message, { ec: '0002-00000214' });
  }
  checkSkew(signedMs, nowMs);
  return requestClaim(request, { ...signing, signedAt }, signature, headers.get('x-oss-security-token'));
}

/** Documented: OSS help "Include a V4 signature in a URL"; seconds count from `x-oss-date`, 7 days at most. */
export function readV4Url(request: OssRequest, region: string, nowMs: number): Claim {
  const { query, headers } = request;
  const signedAt = query.get('x-oss-date') ?? '';
  const signedMs = parseIsoDate(signedAt);
  if (Number.isNaN(signedMs)) {
    throw invalidDate(signedAt);
  }
  const credential = parseCredential(query.get('x-oss-credential'));
  checkScope(credential, signedAt, region);
  const expires = query.get('x-oss-expires') ?? '';
  if (!/^\d{1,7}$/.test(expires) || Number(expires) > maxExpiresSeconds) {
    throw invalidExpires(expires);
  }
  checkValidity(signedMs, signedMs + Number(expires) * 1000, nowMs);
  const additionalHeaders = namesIn(query.get('x-oss-additional-headers'));
  const absent = additionalHeaders.find((name) => !headers.has(name));
  if (absent !== undefined) {
    throw badRequest('InvalidArgument', `The additional header ${absent} is not in the request.`);
  }
  const signing = { credential, signedAt, additionalHeaders };
  const signature = query.get('x-oss-signature') ?? '';
  return requestClaim(request, signing, signature, query.get('x-oss-security-token'));
}

function requestClaim(
  request: OssRequest,
  signing: V4Signing,
  signature: string,
  securityToken: string | undefined,
): Claim {
  // The SDKs of version 2 sign an empty value as its bare name, ali-oss as `name=`; OSS takes both.
  const sign = (secret: string): [Signed, Signed] => [
    signV4(request, signing, secret),
    signV4(request, signing, secret, '='),
  ];
  const { accessKeyId } = signing.credential;
  return { accessKeyId, securityToken, signature, sign, ec: '0002-00000201' };
}

/** Code, message and ec of a wrong region as a live test of aliyun-oss-python-sdk asserts them; the others by analogy. */
export function checkScope(
  { date, region, product }: V4Credential,
  signedAt: string,
  ownRegion: string,
): void {
  const refuse = (part: string, ec?: string) =>
    badRequest('InvalidArgument', `Invalid signing ${part} in Authorization header.`, { ec });
  if (date !== signedAt.slice(0, 8)) {
    throw refuse('date');
  }
  if (region !== ownRegion) {
    throw refuse('region', '0002-00000226');
  }
  if (product !== 'oss') {
    throw refuse('product');
  }
}

type SignedParts = Pick<OssRequest, 'method' | 'bucket' | 'key' | 'query' | 'headers'>;

/**
 * The signature a request ought to have, in the steps of OSS help "Include a V4 signature"; `emptyValue` is what
 * follows the name of a query parameter without value.
 */
export function signV4(
  request: SignedParts,
  { credential, signedAt, additionalHeaders }: V4Signing,
  secret: string,
  emptyValue: '' | '=' = '',
): Signed {
  const canonical = canonicalRequest(request, additionalHeaders, emptyValue);
  // latin1: header values hold one character a byte, and the hash is over the bytes that came in.
  const hash = createHash('sha256').update(canonical, 'latin1').digest('hex');
  const { date, region, product } = credential;
  const scope = [date, region, product, 'aliyun_v4_request'].join('/');
  const stringToSign = ['OSS4-HMAC-SHA256', signedAt, scope, hash].join('\n');
  return { stringToSign, signature: signTextV4(stringToSign, credential, secret) };
}

/** A text signed with the key of this day, region and product: a string to sign, or the policy of a form. */
export function signTextV4(text: string, { date, region, product }: V4Credential, secret: string): string {
  const hmac = (key: string | Buffer, part: string) => createHmac('sha256', key).update(part).digest();
  const steps = [date, region, product, 'aliyun_v4_request', text];
  return steps.reduce<string | Buffer>(hmac, `aliyun_v4${secret}`).toString('hex');
}

/** Method, URI with the bucket whatever the URL style, query, headers, additional header names, payload token. */
function canonicalRequest(
  { method, bucket, key, query, headers }: SignedParts,
  additionalHeaders: readonly string[],
  emptyValue: string,
): string {
  const uri = bucket === '' ? '/' : `/${bucket}/${uriEncode(key).replaceAll('%2F', '/')}`;
  const pairs = [...query]
    .filter(([name]) => name !== 'x-oss-signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
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

/** All but `A-Z a-z 0-9 - . _ ~` as `%XX`. */
function uriEncode(text: string): string {
  const percent = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, percent);
}

/** `x-oss-date` in ISO form, else `Date` as HTTP writes it, which is signed in ISO form (EC page 0002-00000502). */
function readDate(headers: Headers): { signedAt: string; signedMs: number } {
  const [ossDate, date] = [headers.get('x-oss-date'), headers.get('date')];
  const signedMs = ossDate === undefined ? parseHttpDate(date ?? '') : parseIsoDate(ossDate);
  if (Number.isNaN(signedMs)) {
    throw invalidDate(ossDate ?? date);
  }
  return { signedAt: new Date(signedMs).toISOString().replace(/[-:]|\.\d+/g, ''), signedMs };
}

/** `a;b;c` */
function namesIn(list = ''): string[] {
  return list.split(';').filter((name) => name !== '');
}
