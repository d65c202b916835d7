import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { badRequest, forbidden, notImplemented } from './errors.ts';
import type { OssRequest } from './request.ts';

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

export interface Authorization {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly product: string;
  readonly additionalHeaders: readonly string[];
  readonly signature: string;
}

const maxSkewMs = 15 * 60 * 1000;

/**
 * Verifies the V4 header signature against the request as received (documented: OSS help "Include a V4 signature";
 * ec numbers from the help page of each). Undefined for an anonymous request; V1 and presigned URLs are
 * NotImplemented. The order in which several faults are reported is assumed.
 */
export function authenticate(request: OssRequest, context: AuthContext): Principal | undefined {
  const header = request.headers.get('authorization');
  if (header === undefined) return refusePresigned(request);
  const authorization = parseAuthorization(header);
  const signedAt = readSigningDate(request);
  checkScope(authorization, signedAt, context.region);
  checkPayloadToken(request);
  checkSkew(signedAt, context.now());
  const token = request.headers.get('x-oss-security-token');
  const principal = context.principalOf(authorization.accessKeyId, token);
  checkSignature(request, authorization, signedAt, principal.accessKeySecret);
  return principal;
}

function refusePresigned(request: OssRequest): undefined {
  if (request.query.has('x-oss-signature-version')) throw notImplemented('V4 presigned URLs');
  if (request.query.has('Signature')) throw notImplemented('V1 presigned URLs');
  return undefined;
}

/** `OSS4-HMAC-SHA256 Credential={id}/{date}/{region}/{product}/aliyun_v4_request[,AdditionalHeaders=a;b],Signature={hex}` */
export function parseAuthorization(header: string): Authorization {
  if (header.startsWith('OSS ')) throw notImplemented('V1 header signatures');
  const [scheme, fields = ''] = header.split(/ (.*)/s);
  const values = new Map(fields.split(',').map((field) => splitOnce(field.trim(), '=')));
  const [accessKeyId, date, region, product, terminator] = (values.get('Credential') ?? '').split('/');
  const signature = values.get('Signature');
  if (scheme !== 'OSS4-HMAC-SHA256' || !accessKeyId || !date || !region || !product || !signature)
    throw badRequest('InvalidArgument', 'Authorization header is invalid.');
  if (terminator !== 'aliyun_v4_request')
    throw badRequest('InvalidArgument', 'Invalid signing terminator in Authorization header.');
  const additionalHeaders = (values.get('AdditionalHeaders') ?? '').split(';').filter((name) => name !== '');
  return { accessKeyId, date, region, product, additionalHeaders, signature };
}

/** Code, message and ec of a wrong region as a live test of aliyun-oss-python-sdk asserts them; the others by analogy. */
function checkScope(authorization: Authorization, signedAt: string, region: string): void {
  const refuse = (part: string, ec?: string) =>
    badRequest('InvalidArgument', `Invalid signing ${part} in Authorization header.`, ec);
  if (authorization.date !== signedAt.slice(0, 8)) throw refuse('date');
  if (authorization.region !== region) throw refuse('region', '0002-00000226');
  if (authorization.product !== 'oss') throw refuse('product');
}

/** `x-oss-date`, or the same form in `Date`, as aliyun-oss-android-sdk sends it. */
function readSigningDate(request: OssRequest): string {
  const date = request.headers.get('x-oss-date') ?? request.headers.get('date') ?? '';
  if (/^\d{8}T\d{6}Z$/.test(date) && !Number.isNaN(epochMs(date))) return date;
  throw forbidden('AccessDenied', 'OSS authentication requires a valid Date.', '0002-00000503');
}

function checkPayloadToken(request: OssRequest): void {
  if (request.headers.get('x-oss-content-sha256') === 'UNSIGNED-PAYLOAD') return;
  throw badRequest('InvalidArgument', 'x-oss-content-sha256 must be UNSIGNED-PAYLOAD.', '0002-00000214');
}

function checkSkew(signedAt: string, nowMs: number): void {
  if (Math.abs(nowMs - epochMs(signedAt)) <= maxSkewMs) return;
  const message = 'The difference between the request time and the current time is too large.';
  const times = {
    RequestTime: new Date(epochMs(signedAt)).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  };
  throw forbidden('RequestTimeTooSkewed', message, '0002-00000504', times);
}

function checkSignature(
  request: OssRequest,
  authorization: Authorization,
  signedAt: string,
  secret: string,
): void {
  const { stringToSign, signature } = signRequest(request, authorization, signedAt, secret);
  const [expected, provided] = [Buffer.from(signature), Buffer.from(authorization.signature)];
  if (expected.length === provided.length && timingSafeEqual(expected, provided)) return;
  const message =
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
  // The string to sign holds only a hash; the canonical request, which may hold a security token, is never echoed.
  throw forbidden('SignatureDoesNotMatch', message, '0002-00000201', {
    OSSAccessKeyId: authorization.accessKeyId,
    SignatureProvided: authorization.signature,
    StringToSign: stringToSign,
  });
}

type SignedParts = Pick<OssRequest, 'method' | 'bucket' | 'key' | 'query' | 'headers'>;

/** The signature a request ought to have, in the steps of OSS help "Include a V4 signature". */
export function signRequest(
  request: SignedParts,
  { date, region, product, additionalHeaders }: Authorization,
  signedAt: string,
  secret: string,
): { stringToSign: string; signature: string } {
  // latin1: header values hold one character a byte, and the hash is over the bytes that came in.
  const hash = createHash('sha256')
    .update(canonicalRequest(request, additionalHeaders), 'latin1')
    .digest('hex');
  const scope = [date, region, product, 'aliyun_v4_request'];
  const stringToSign = ['OSS4-HMAC-SHA256', signedAt, scope.join('/'), hash].join('\n');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const signingKey = scope.reduce<string | Buffer>(hmac, `aliyun_v4${secret}`);
  return { stringToSign, signature: hmac(signingKey, stringToSign).toString('hex') };
}

/** Method, URI with the bucket whatever the URL style, query, headers, additional header names, payload token. */
function canonicalRequest(request: SignedParts, additionalHeaders: readonly string[]): string {
  const uri =
    request.bucket === '' ? '/' : `/${request.bucket}/${uriEncode(request.key).replaceAll('%2F', '/')}`;
  const query = [...request.query]
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  const isSigned = (name: string) =>
    /^(content-type|content-md5|x-oss-.*)$/.test(name) || additionalHeaders.includes(name);
  const headers = [...request.headers.keys()]
    .filter(isSigned)
    .sort()
    .map((name) => `${name}:${request.headers.get(name)}\n`);
  const parts = [request.method, uri, query.join('&'), headers.join(''), additionalHeaders.join(';')];
  return [...parts, request.headers.get('x-oss-content-sha256')].join('\n');
}

/** All but `A-Z a-z 0-9 - . _ ~` as `%XX`. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function epochMs(isoBasic: string): number {
  return Date.parse(isoBasic.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
