import { timingSafeEqual } from 'node:crypto';
import { badRequest, forbidden, notImplemented } from '../http/errors.ts';
import type { OssRequest } from '../http/request.ts';
import { signV1, type V1Signature } from './v1.ts';
import { parseAuthorization, parseCredential, signV4, type V4Signature } from './v4.ts';

/** Who signed: the account's own AccessKey or a role's temporary one. */
export interface Principal {
  readonly accessKeySecret: string;
  /** As events name it (`userIdentity.principalId`). */
  readonly principalId: string;
}

export interface AuthContext {
  readonly region: string;
  readonly now: () => number;
  /** The owner of an AccessKey ID (with its security token); throws `OssError` 403. */
  readonly principalOf: (accessKeyId: string, securityToken: string | undefined) => Principal;
}

const maxSkewMs = 15 * 60 * 1000;
const maxExpiresSeconds = 7 * 24 * 3600;

/**
 * Verifies the signature of a request as received: V4 and V1, each in a header or in the URL (documented: OSS help
 * "Include a V4 signature", "Include a V1 signature"; ec numbers from the help page of each). Undefined for an
 * anonymous request. The order in which several faults are reported is assumed.
 */
export function authenticate(request: OssRequest, context: AuthContext): Principal | undefined {
  const { headers, query } = request;
  const header = headers.get('authorization');
  if (header !== undefined) {
    return header.startsWith('OSS ')
      ? verifyV1(request, readV1Header(request, header, context), context)
      : verifyV4(request, readV4Header(request, header, context), context);
  }
  const version = query.get('x-oss-signature-version');
  if (version === 'OSS4-HMAC-SHA256') {
    return verifyV4(request, readV4Url(request, context), context);
  }
  if (version !== undefined) {
    throw notImplemented(`URLs signed by ${version}`);
  }
  if (query.has('Signature')) {
    return verifyV1(request, readV1Url(request, context), context);
  }
  return undefined;
}

function readV4Header(request: OssRequest, header: string, context: AuthContext): V4Signature {
  const authorization = parseAuthorization(header);
  // `Date` instead of `x-oss-date`: as aliyun-oss-android-sdk sends it.
  const date = request.headers.get('x-oss-date') ?? request.headers.get('date') ?? '';
  const signedAt = Number.isNaN(epochMs(date)) ? refuseDate() : date;
  checkScope(authorization, signedAt, context.region);
  if (request.headers.get('x-oss-content-sha256') !== 'UNSIGNED-PAYLOAD') {
    throw badRequest('InvalidArgument', 'x-oss-content-sha256 must be UNSIGNED-PAYLOAD.', '0002-00000214');
  }
  checkSkew(epochMs(signedAt), context.now());
  return { ...authorization, signedAt, securityToken: request.headers.get('x-oss-security-token') };
}

/** Documented: OSS help "Include a V4 signature in a URL"; seconds count from `x-oss-date`, 7 days at most. */
function readV4Url({ query }: OssRequest, { region, now }: AuthContext): V4Signature {
  const signedAt = query.get('x-oss-date') ?? '';
  if (Number.isNaN(epochMs(signedAt))) {
    refuseDate();
  }
  const credential = parseCredential(query.get('x-oss-credential') ?? '');
  checkScope(credential, signedAt, region);
  const expires = query.get('x-oss-expires') ?? '';
  if (!/^\d{1,7}$/.test(expires) || Number(expires) > maxExpiresSeconds) {
    throw invalidExpires(expires);
  }
  if (epochMs(signedAt) - now() > maxSkewMs) {
    throw forbidden('AccessDenied', 'Request is not valid yet.', '0002-00000235');
  }
  checkExpiry(epochMs(signedAt) + Number(expires) * 1000, now());
  return {
    ...credential,
    signedAt,
    additionalHeaders: (query.get('x-oss-additional-headers') ?? '').split(';').filter((name) => name !== ''),
    signature: query.get('x-oss-signature') ?? '',
    securityToken: query.get('x-oss-security-token'),
  };
}

/** `OSS {AccessKey ID}:{Base64 of the HMAC-SHA1}`; the token of py-sdk-v2 comes without `x-oss-`. */
function readV1Header({ headers }: OssRequest, header: string, { now }: AuthContext): V1Signature {
  const [, accessKeyId, signature] = /^OSS ([^:]+):(\S+)$/.exec(header) ?? [];
  if (accessKeyId === undefined || signature === undefined) {
    throw badRequest('InvalidArgument', 'Authorization header is invalid.');
  }
  const date = headers.get('x-oss-date') ?? headers.get('date') ?? '';
  if (Number.isNaN(Date.parse(date))) {
    refuseDate();
  }
  checkSkew(Date.parse(date), now());
  const securityToken = headers.get('x-oss-security-token') ?? headers.get('security-token');
  return { accessKeyId, signature, date, securityToken };
}

/** Documented: OSS help "Include a V1 signature in a URL"; `Expires` is in seconds since 1970. */
function readV1Url({ query }: OssRequest, { now }: AuthContext): V1Signature {
  const [accessKeyId, date] = [query.get('OSSAccessKeyId'), query.get('Expires') ?? ''];
  if (!/^\d{1,12}$/.test(date)) {
    throw invalidExpires(date);
  }
  if (accessKeyId === undefined) {
    throw forbidden('AccessDenied', 'OSSAccessKeyId is missing in the URL.');
  }
  checkExpiry(Number(date) * 1000, now());
  return {
    accessKeyId,
    date,
    signature: query.get('Signature') ?? '',
    securityToken: query.get('security-token'),
  };
}

function verifyV4(request: OssRequest, claim: V4Signature, context: AuthContext): Principal {
  const principal = context.principalOf(claim.accessKeyId, claim.securityToken);
  const bare = signV4(request, claim, principal.accessKeySecret);
  // The SDKs of version 2 sign an empty value as its bare name, ali-oss as `name=`; OSS takes both.
  const hasEmpty = [...request.query.values()].includes('');
  const accepted = hasEmpty ? [bare, signV4(request, claim, principal.accessKeySecret, '=')] : [bare];
  if (accepted.some(({ signature }) => isSame(signature, claim.signature))) {
    return principal;
  }
  // The string to sign holds only a hash; the canonical request, which may hold a security token, is never echoed.
  throw signatureDoesNotMatch(claim, bare.stringToSign, '0002-00000201');
}

function verifyV1(request: OssRequest, claim: V1Signature, context: AuthContext): Principal {
  const principal = context.principalOf(claim.accessKeyId, claim.securityToken);
  const { stringToSign, signature } = signV1(request, claim.date, principal.accessKeySecret);
  if (isSame(signature, claim.signature)) {
    return principal;
  }
  const { securityToken } = claim;
  const shown = securityToken === undefined ? stringToSign : stringToSign.replaceAll(securityToken, '***');
  throw signatureDoesNotMatch(claim, shown, '0002-00000040');
}

/** Code, message and ec of a wrong region as a live test of aliyun-oss-python-sdk asserts them; the others by analogy. */
export function checkScope(
  scope: { date: string; region: string; product: string },
  signedAt: string,
  region: string,
): void {
  const refuse = (part: string, ec?: string) =>
    badRequest('InvalidArgument', `Invalid signing ${part} in Authorization header.`, ec);
  if (scope.date !== signedAt.slice(0, 8)) {
    throw refuse('date');
  }
  if (scope.region !== region) {
    throw refuse('region', '0002-00000226');
  }
  if (scope.product !== 'oss') {
    throw refuse('product');
  }
}

function checkSkew(signedMs: number, nowMs: number): void {
  if (Math.abs(nowMs - signedMs) <= maxSkewMs) {
    return;
  }
  const message = 'The difference between the request time and the current time is too large.';
  const times = {
    RequestTime: new Date(signedMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  };
  throw forbidden('RequestTimeTooSkewed', message, '0002-00000504', times);
}

function checkExpiry(expiresMs: number, nowMs: number): void {
  if (nowMs <= expiresMs) {
    return;
  }
  throw forbidden('AccessDenied', 'Request has expired.', '0002-00000069', {
    Expires: new Date(expiresMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  });
}

/** NaN for what is not `yyyyMMddTHHmmssZ`. */
function epochMs(isoBasic: string): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/.exec(isoBasic) ?? [];
  const [year, month, dayAndHour, minute, second] = parts;
  return Date.parse(`${year}-${month}-${dayAndHour}:${minute}:${second}`);
}

/** In constant time, so that nobody finds a signature byte by byte. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function refuseDate(): never {
  throw forbidden('AccessDenied', 'OSS authentication requires a valid Date.', '0002-00000503');
}

function invalidExpires(expires: string): Error {
  return forbidden('AccessDenied', `Invalid expires of the URL: ${expires}`, '0002-00000070');
}

export function signatureDoesNotMatch(
  { accessKeyId, signature }: { accessKeyId: string; signature: string },
  stringToSign: string,
  ec?: string,
): Error {
  const message =
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
  const claimed = { OSSAccessKeyId: accessKeyId, SignatureProvided: signature, StringToSign: stringToSign };
  return forbidden('SignatureDoesNotMatch', message, ec, claimed);
}
