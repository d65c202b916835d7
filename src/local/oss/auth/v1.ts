import { forbidden } from '../http/errors.ts';
import type { OssRequest } from '../http/request.ts';
import { signedParameters, subresources } from '../http/subresources.ts';
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

/** `OSS {AccessKey ID}:{Base64 of the HMAC-SHA1}`; py-sdk-v2 sends the token without `x-oss-`. */
export function readV1Header(request: OssRequest, nowMs: number): Claim {
  const { headers } = request;
  const [, accessKeyId, signature] = /^OSS ([^:]+):(\S+)$/.exec(headers.get('authorization') ?? '') ?? [];
  if (accessKeyId === undefined || signature === undefined) {
    throw invalidAuthorization();
  }
  const date = headers.get('x-oss-date') ?? headers.get('date') ?? '';
  checkSkew(readDate(date, parseHttpDate, parseIsoDate), nowMs);
  const securityToken = headers.get('x-oss-security-token') ?? headers.get('security-token');
  return { accessKeyId, signature, securityToken, stringsToSign: stringsToSign(request, date) };
}

/** Documented: OSS help "Include a V1 signature in a URL"; `Expires` is in seconds since 1970. */
export function readV1Url(request: OssRequest, nowMs: number): Claim {
  const { query } = request;
  const accessKeyId = query.get('OSSAccessKeyId');
  const expires = query.get('Expires') ?? '';
  const expiresMs = readExpires(expires, Number.POSITIVE_INFINITY) * 1000;
  if (accessKeyId === undefined) {
    throw forbidden('AccessDenied', 'OSSAccessKeyId is missing in the URL.');
  }
  checkValidity(0, expiresMs, nowMs);
  const signature = query.get('Signature') ?? '';
  const securityToken = query.get('security-token');
  return { accessKeyId, signature, securityToken, stringsToSign: stringsToSign(request, expires) };
}

/**
 * Follows OSS help "Include a V1 signature"; in a URL, the date is its `Expires`. Signers differ about two
 * newer sub-resources; OSS accepts both ways (live tests of the Python, Java and Go SDKs).
 */
function stringsToSign(request: OssRequest, date: string) {
  const isSigned = (name: string) => subresources.has(name) || signedParameters.has(name);
  const isOld = (name: string) => isSigned(name) && !['list-type', 'publicAccessBlock'].includes(name);
  return [stringToSign(request, date, isOld), stringToSign(request, date, isSigned)] as const;
}

function stringToSign(request: OssRequest, date: string, isSigned: (parameter: string) => boolean): string {
  const { method, bucket, key, query, headers } = request;
  const ossHeaders = [...headers.keys()]
    .filter((name) => name.startsWith('x-oss-'))
    .sort()
    .map((name) => `${name}:${headers.get(name)}`);
  const signed = [...query]
    .filter(([name]) => isSigned(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  const path = bucket === '' ? '/' : `/${bucket}/${key}`;
  const resource = signed.length === 0 ? path : `${path}?${signed.join('&')}`;
  const md5 = headers.get('content-md5') ?? '';
  const type = headers.get('content-type') ?? '';
  // One character per byte, like header values.
  return [method, md5, type, date, ...ossHeaders, Buffer.from(resource).toString('latin1')].join('\n');
}
