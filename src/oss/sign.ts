import { createHmac } from 'node:crypto';
import { digest } from './digest.ts';

/** An AccessKey pair, with the security token that belongs to it when it is temporary. */
export interface Credentials {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string;
}

/** What V4 signs of a request. URI and query are encoded already, and identical to what is sent. */
export interface RequestToSign {
  method: string;
  /** `/bucket/key`, whatever the URL style: the bucket is always there. */
  canonicalUri: string;
  canonicalQuery: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** Names signed beyond the default ones, in lower case; absent and default-signed names are dropped. */
  additionalHeaders?: readonly string[];
}

const algorithm = 'OSS4-HMAC-SHA256';
const unsignedPayload = 'UNSIGNED-PAYLOAD';

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

function isSignedByDefault(name: string): boolean {
  return name.startsWith('x-oss-') || name === 'content-type' || name === 'content-md5';
}

/** The additional headers that count: sorted, without absent and default-signed names. */
function additionalNames({ headers, additionalHeaders = [] }: RequestToSign): readonly string[] {
  if (additionalHeaders.length === 0) {
    return additionalHeaders;
  }
  return additionalHeaders.filter((name) => name in headers && !isSignedByDefault(name)).sort();
}

let lastTimestamp = { second: Number.NaN, text: '' };

/** The instant as V4 writes it, `yyyyMMddTHHmmssZ`: the value of `x-oss-date`. Kept for its second: it costs as much as the hash. */
export function formatTimestamp(epochMs: number): string {
  const second = Math.floor(epochMs / 1000);
  if (second !== lastTimestamp.second) {
    const iso = new Date(second * 1000).toISOString();
    lastTimestamp = { second, text: `${iso.slice(0, 19).replace(/[-:]/g, '')}Z` };
  }
  return lastTimestamp.text;
}

let lastScope = { day: 'none', region: '', product: '', text: '' };

/** `yyyyMMdd/region/product/aliyun_v4_request`; the region is plain (`cn-hangzhou`), the product `oss`. Kept for the day. */
export function scope(timestamp: string, region: string, product = 'oss'): string {
  const { day, region: lastRegion, product: lastProduct } = lastScope;
  if (!timestamp.startsWith(day) || region !== lastRegion || product !== lastProduct) {
    const today = timestamp.slice(0, 8);
    lastScope = {
      day: today,
      region,
      product,
      text: [today, region, product, 'aliyun_v4_request'].join('/'),
    };
  }
  return lastScope.text;
}

/**
 * The canonical request (OSS help: "Recommend to use signature version 4"):
 *
 *     method \n canonical URI \n canonical query \n
 *     name:value\n for each signed header, sorted \n
 *     additional header names joined by `;` \n
 *     UNSIGNED-PAYLOAD
 */
export function canonicalRequest(request: RequestToSign): string {
  const { method, canonicalUri, canonicalQuery, headers } = request;
  const additional = additionalNames(request);
  let lines = '';
  // Names are sorted, not lines: a digit or `-` after a name would sort before its `:`.
  for (const name of Object.keys(headers).sort()) {
    if (isSignedByDefault(name) || additional.includes(name)) {
      lines += `${name}:${headers[name]?.trim()}\n`;
    }
  }
  // OSS refuses a real payload hash (EC 0002-00000214): only a signed Content-MD5 binds the body.
  return `${method}\n${canonicalUri}\n${canonicalQuery}\n${lines}\n${additional.join(';')}\n${unsignedPayload}`;
}

/** Algorithm, timestamp, scope and the canonical request's SHA-256 in hex, one a line. */
export function stringToSign(timestamp: string, signingScope: string, canonical: string): string {
  return `${algorithm}\n${timestamp}\n${signingScope}\n${digest('sha256', canonical, 'hex')}`;
}

let cachedKey = { secret: '', scope: '', key: Buffer.alloc(0) };

/**
 * HMAC chain from `aliyun_v4` + secret over the parts of the scope. The last key is kept, by secret and scope
 * (so by day and region): four of a signature's five HMACs are then spared, and new credentials replace it.
 */
export function signingKey(secret: string, signingScope: string): Buffer {
  if (cachedKey.secret !== secret || cachedKey.scope !== signingScope) {
    const key = signingScope.split('/').reduce(hmac, Buffer.from(`aliyun_v4${secret}`));
    cachedKey = { secret, scope: signingScope, key };
  }
  return cachedKey.key;
}

/** The signature, lower-case hex. */
export function signature(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

/** The `Authorization` header for `request`, whose headers must already hold everything that is signed. */
export function authorization(
  request: RequestToSign,
  signer: { credentials: Credentials; timestamp: string; region: string; product?: string },
): string {
  const { credentials, timestamp } = signer;
  const signingScope = scope(timestamp, signer.region, signer.product);
  const text = stringToSign(timestamp, signingScope, canonicalRequest(request));
  const hex = signature(signingKey(credentials.accessKeySecret, signingScope), text);

  const additional = additionalNames(request).join(';');
  const additionalPart = additional === '' ? '' : `,AdditionalHeaders=${additional}`;
  return `${algorithm} Credential=${credentials.accessKeyId}/${signingScope}${additionalPart},Signature=${hex}`;
}

/**
 * All headers to send for `request` at `epochMs`: its own, and `x-oss-date`, `x-oss-content-sha256`, with a token
 * `x-oss-security-token`, and `authorization`. Pure; call it again for each attempt.
 */
export function signedHeaders(
  request: Omit<RequestToSign, 'additionalHeaders'>,
  signer: { credentials: Credentials; epochMs: number; region: string },
): Record<string, string> {
  const { method, canonicalUri, canonicalQuery } = request;
  const { credentials, region } = signer;
  const timestamp = formatTimestamp(signer.epochMs);
  const headers: Record<string, string> = {
    'x-oss-content-sha256': unsignedPayload,
    'x-oss-date': timestamp,
    ...request.headers,
  };
  if (credentials.securityToken) {
    headers['x-oss-security-token'] = credentials.securityToken;
  }
  const signed = { method, canonicalUri, canonicalQuery, headers };
  headers.authorization = authorization(signed, { credentials, timestamp, region });
  return headers;
}
