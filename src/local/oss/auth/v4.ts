import { createHash, createHmac } from 'node:crypto';
import { badRequest } from '../http/errors.ts';
import type { OssRequest } from '../http/request.ts';

export interface V4Credential {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly product: string;
}

export interface V4Authorization extends V4Credential {
  readonly additionalHeaders: readonly string[];
  readonly signature: string;
}

/** What a request claims, wherever it says so. */
export interface V4Signature extends V4Authorization {
  /** `yyyyMMddTHHmmssZ` */
  readonly signedAt: string;
  readonly securityToken: string | undefined;
}

/** `OSS4-HMAC-SHA256 Credential={id}/{date}/{region}/{product}/aliyun_v4_request[,AdditionalHeaders=a;b],Signature={hex}` */
export function parseAuthorization(header: string): V4Authorization {
  const [scheme, fields = ''] = header.split(/ (.*)/s);
  const values = new Map(fields.split(',').map((field) => splitOnce(field.trim(), '=')));
  const signature = values.get('Signature');
  if (scheme !== 'OSS4-HMAC-SHA256' || !signature) {
    throw invalidAuthorization();
  }
  const additionalHeaders = (values.get('AdditionalHeaders') ?? '').split(';').filter((name) => name !== '');
  return { ...parseCredential(values.get('Credential') ?? ''), additionalHeaders, signature };
}

/** `{id}/{date}/{region}/{product}/aliyun_v4_request` */
export function parseCredential(credential: string): V4Credential {
  const [accessKeyId, date, region, product, terminator] = credential.split('/');
  if (!accessKeyId || !date || !region || !product) {
    throw invalidAuthorization();
  }
  if (terminator !== 'aliyun_v4_request') {
    throw badRequest('InvalidArgument', 'Invalid signing terminator in Authorization header.');
  }
  return { accessKeyId, date, region, product };
}

type SignedParts = Pick<OssRequest, 'method' | 'bucket' | 'key' | 'query' | 'headers'>;
type Claim = Omit<V4Signature, 'accessKeyId' | 'signature' | 'securityToken'>;

/**
 * The signature a request ought to have, in the steps of OSS help "Include a V4 signature"; `emptyValue` is what
 * follows the name of a query parameter without value.
 */
export function signV4(
  request: SignedParts,
  claim: Claim,
  secret: string,
  emptyValue: '' | '=' = '',
): { stringToSign: string; signature: string } {
  const canonical = canonicalRequest(request, claim.additionalHeaders, emptyValue);
  // latin1: header values hold one character a byte, and the hash is over the bytes that came in.
  const hash = createHash('sha256').update(canonical, 'latin1').digest('hex');
  const scope = [claim.date, claim.region, claim.product, 'aliyun_v4_request'].join('/');
  const stringToSign = ['OSS4-HMAC-SHA256', claim.signedAt, scope, hash].join('\n');
  return { stringToSign, signature: signTextV4(stringToSign, claim, secret) };
}

/** A text signed with the key of this day, region and product: a string to sign, or the policy of a form. */
export function signTextV4(
  text: string,
  { date, region, product }: Pick<V4Credential, 'date' | 'region' | 'product'>,
  secret: string,
): string {
  const hmac = (key: string | Buffer, part: string) => createHmac('sha256', key).update(part).digest();
  const steps = [date, region, product, 'aliyun_v4_request', text];
  return steps.reduce<string | Buffer>(hmac, `aliyun_v4${secret}`).toString('hex');
}

/** Method, URI with the bucket whatever the URL style, query, headers, additional header names, payload token. */
function canonicalRequest(
  request: SignedParts,
  additionalHeaders: readonly string[],
  emptyValue: string,
): string {
  const uri =
    request.bucket === '' ? '/' : `/${request.bucket}/${uriEncode(request.key).replaceAll('%2F', '/')}`;
  const query = [...request.query]
    .filter(([name]) => name !== 'x-oss-signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => name + (value === '' ? emptyValue : `=${value}`));
  const isSigned = (name: string) =>
    /^(content-type|content-md5|x-oss-.*)$/.test(name) || additionalHeaders.includes(name);
  const headers = [...request.headers.keys()]
    .filter(isSigned)
    .sort()
    .map((name) => `${name}:${request.headers.get(name)}\n`);
  const parts = [request.method, uri, query.join('&'), headers.join(''), additionalHeaders.join(';')];
  return [...parts, request.headers.get('x-oss-content-sha256') ?? 'UNSIGNED-PAYLOAD'].join('\n');
}

/** All but `A-Z a-z 0-9 - . _ ~` as `%XX`. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function invalidAuthorization(): Error {
  return badRequest('InvalidArgument', 'Authorization header is invalid.');
}
