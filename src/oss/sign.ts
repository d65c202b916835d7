import { createHash, createHmac } from 'node:crypto';

/** An AccessKey pair, with the security token that belongs to it when it is temporary. */
export interface Credentials {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string | undefined;
}

/** The part of a request that V4 signs. URI and query are encoded already, and identical to what is sent. */
export interface RequestToSign {
  method: string;
  /** `/bucket/key`, whatever the URL style: the bucket is always there. */
  canonicalUri: string;
  canonicalQuery: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** Names signed beyond the default ones, in lower case; absent and default-signed names are dropped. */
  additionalHeaders?: readonly string[] | undefined;
}

const algorithm = 'OSS4-HMAC-SHA256';
const unsignedPayload = 'UNSIGNED-PAYLOAD';

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function isSignedByDefault(name: string): boolean {
  return name.startsWith('x-oss-') || name === 'content-type' || name === 'content-md5';
}

/** The additional headers that count: sorted, without absent and default-signed names. */
function additionalNames({ headers, additionalHeaders = [] }: RequestToSign): string[] {
  return additionalHeaders.filter((name) => name in headers && !isSignedByDefault(name)).sort();
}

/** The instant as V4 writes it, `yyyyMMddTHHmmssZ`: the value of `x-oss-date`. */
export function formatTimestamp(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** `yyyyMMdd/region/product/aliyun_v4_request`; the region is plain (`cn-hangzhou`), the product `oss`. */
export function scope(timestamp: string, region: string, product = 'oss'): string {
  return `${timestamp.slice(0, 8)}/${region}/${product}/aliyun_v4_request`;
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
  // Names are sorted and not lines, because a digit or `-` after a name would sort before its `:`.
  const names = Object.keys(headers).sort();
  const signed = names.filter((name) => isSignedByDefault(name) || additional.includes(name));
  const lines = signed.map((name) => `${name}:${headers[name]?.trim()}\n`).join('');
  // OSS refuses a real payload hash (EC 0002-00000214): only a signed Content-MD5 binds the body.
  return [method, canonicalUri, canonicalQuery, lines, additional.join(';'), unsignedPayload].join('\n');
}

/** Algorithm, timestamp, scope and the canonical request's SHA-256 in hex, one a line. */
export function stringToSign(timestamp: string, signingScope: string, canonical: string): string {
  const digest = createHash('sha256').update(canonical).digest('hex');
  return `${algorithm}\n${timestamp}\n${signingScope}\n${digest}`;
}

let cachedKey: { secret: string; scope: string; key: Buffer } | undefined;

/**
 * HMAC chain from `aliyun_v4` + secret over the parts of the scope. The last key is kept, by secret and scope
 * (so by day and region): four of a signature's five HMACs are then spared, and new credentials replace it.
 */
export function signingKey(secret: string, signingScope: string): Buffer {
  if (cachedKey?.secret !== secret || cachedKey.scope !== signingScope) {
    const key = signingScope.split('/').reduce<Buffer>(hmac, Buffer.from(`aliyun_v4${secret}`));
    cachedKey = { secret, scope: signingScope, key };
  }
  return cachedKey.key;
}

/** The `Authorization` header for `request`, whose headers must already hold everything that is signed. */
export function authorization(
  request: RequestToSign,
  signer: { credentials: Credentials; timestamp: string; region: string; product?: string },
): string {
  const { credentials, timestamp, region, product } = signer;
  const signingScope = scope(timestamp, region, product);
  const text = stringToSign(timestamp, signingScope, canonicalRequest(request));
  const signature = hmac(signingKey(credentials.accessKeySecret, signingScope), text).toString('hex');
  const names = additionalNames(request).join(';');
  const additional = names === '' ? '' : `,AdditionalHeaders=${names}`;
  const credential = `${credentials.accessKeyId}/${signingScope}`;
  return `${algorithm} Credential=${credential}${additional},Signature=${signature}`;
}

/**
 * All headers to send for `request` at `epochMs`: its own, and `x-oss-date`, `x-oss-content-sha256`, with a
 * token `x-oss-security-token`, and `authorization`. Pure; to be called again for each attempt.
 */
export function signedHeaders(
  request: RequestToSign,
  { credentials, epochMs, region }: { credentials: Credentials; epochMs: number; region: string },
): Record<string, string> {
  const timestamp = formatTimestamp(epochMs);
  const headers: Record<string, string> = {
    'x-oss-content-sha256': unsignedPayload,
    'x-oss-date': timestamp,
    ...request.headers,
  };
  if (credentials.securityToken) {
    headers['x-oss-security-token'] = credentials.securityToken;
  }
  headers.authorization = authorization({ ...request, headers }, { credentials, timestamp, region });
  return headers;
}
