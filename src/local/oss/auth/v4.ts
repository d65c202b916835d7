import { badRequest } from '../http/errors.ts';
import type { OssRequest } from '../http/request.ts';
import {
  type Claim,
  checkSkew,
  checkValidity,
  invalidAuthorization,
  parseHttpDate,
  parseIsoDate,
  readDate,
  readExpires,
} from './claim.ts';
import { stringToSignV4, type V4Credential, type V4Signing } from './v4-signature.ts';

const maxExpiresSeconds = 7 * 24 * 3600;

/** `OSS4-HMAC-SHA256 Credential={credential}[,AdditionalHeaders=a;b],Signature={hex}` */
export function parseAuthorization(authorization = '') {
  const pattern =
    /^OSS4-HMAC-SHA256 Credential=([^,]+),\s*(?:AdditionalHeaders=([^,]*),\s*)?Signature=(\S+)$/;
  const [, credential = '', additionalHeaders, signature] = pattern.exec(authorization) ?? [];
  if (signature === undefined) {
    throw invalidAuthorization();
  }
  return {
    credential: parseCredential(credential),
    additionalHeaders: namesIn(additionalHeaders),
    signature,
  };
}

/** Reads `{id}/{date}/{region}/{product}/aliyun_v4_request`; throws OSS's error for anything else. */
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

/** Reads the claim in an Authorization header; throws OSS's error if its date or scope is wrong. */
export function readV4Header(request: OssRequest, region: string, nowMs: number): Claim {
  const { headers } = request;
  const { credential, additionalHeaders, signature } = parseAuthorization(headers.get('authorization'));
  const ossDate = headers.get('x-oss-date');
  // An HTTP `Date` is signed in ISO form (EC page 0002-00000502).
  const date = ossDate ?? headers.get('date');
  const signedMs = readDate(date, ossDate === undefined ? parseHttpDate : parseIsoDate);
  const signedAt = new Date(signedMs).toISOString().replace(/[-:]|\.\d+/g, '');
  checkScope(credential, signedAt, region);
  if (headers.get('x-oss-content-sha256') !== 'UNSIGNED-PAYLOAD') {
    const message = 'x-oss-content-sha256 must be UNSIGNED-PAYLOAD.';
    throw badRequest('InvalidArgument', message, { ec: '0002-00000214' });
  }
  checkSkew(signedMs, nowMs);
  const texts = stringsToSign(request, { credential, signedAt, additionalHeaders }, date);
  const securityToken = headers.get('x-oss-security-token');
  const { accessKeyId } = credential;
  return { accessKeyId, credential, signature, securityToken, stringsToSign: texts };
}

/** Documented: OSS help "Include a V4 signature in a URL": it is valid up to 7 days from `x-oss-date`. */
export function readV4Url(request: OssRequest, region: string, nowMs: number): Claim {
  const { query, headers } = request;
  const signedAt = query.get('x-oss-date') ?? '';
  const signedMs = readDate(signedAt, parseIsoDate);
  const claim = readV4Parameters(query, region);
  const expiresSeconds = readExpires(query.get('x-oss-expires'), maxExpiresSeconds);
  checkValidity(signedMs, signedMs + expiresSeconds * 1000, nowMs);
  const additionalHeaders = namesIn(query.get('x-oss-additional-headers'));
  const absent = additionalHeaders.find((name) => !headers.has(name));
  if (absent !== undefined) {
    throw badRequest('InvalidArgument', `The additional header ${absent} is not in the request.`);
  }
  const signing = { credential: claim.credential, signedAt, additionalHeaders };
  return { ...claim, stringsToSign: stringsToSign(request, signing) };
}

/** The claim in parameters of a URL or a form, which have the same names. Throws if its scope is wrong. */
export function readV4Parameters(parameters: ReadonlyMap<string, string>, region: string) {
  const credential = parseCredential(parameters.get('x-oss-credential'));
  checkScope(credential, parameters.get('x-oss-date') ?? '', region);
  return {
    accessKeyId: credential.accessKeyId,
    credential,
    signature: parameters.get('x-oss-signature') ?? '',
    securityToken: parameters.get('x-oss-security-token'),
  };
}

/** SDKs of version 2 sign an empty value as `a`, ali-oss as `a=`; aliyun-oss-go-sdk signs `Date` as sent. */
function stringsToSign(request: OssRequest, signing: V4Signing, date = signing.signedAt) {
  return [
    stringToSignV4(request, signing),
    stringToSignV4(request, signing, '='),
    stringToSignV4(request, { ...signing, signedAt: date }),
  ] as const;
}

/** A wrong region is refused as in a live test of aliyun-oss-python-sdk, the others by analogy. */
function checkScope({ date, region, product }: V4Credential, signedAt: string, ownRegion: string): void {
  const refuse = (part: string, ec?: string) =>
    badRequest('InvalidArgument', `Invalid signing ${part} in Authorization header.`, { ec });
  if (date !== signedAt.slice(0, 8)) {
    throw refuse('date');
  }
  // Checked before the region: in a live test of aliyun-oss-java-sdk both are wrong.
  if (product !== 'oss') {
    throw refuse('product', '0002-00000227');
  }
  if (region !== ownRegion) {
    throw refuse('region', '0002-00000226');
  }
}

/** `a;b;c` */
function namesIn(list = ''): string[] {
  return list.split(';').filter((name) => name !== '');
}
