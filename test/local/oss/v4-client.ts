import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface SignOptions {
  readonly method: string;
  readonly bucket?: string;
  /** Bytes where it is no UTF-8. */
  readonly key?: string | Buffer;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly securityToken?: string;
  readonly region?: string;
  readonly timeMs?: number;
  readonly additionalHeaders?: readonly string[];
}

export interface RawRequest {
  readonly method: string;
  /** Path style, percent-encoded, with the query. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export interface RawResponse {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** Code of the error document, wherever it was sent. */
  readonly code: string | undefined;
}

const encode = (text: string | Buffer): string =>
  Buffer.from(text).reduce((out, byte) => {
    const char = String.fromCharCode(byte);
    return out + (/[\w.~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`);
  }, '');

/** A V4 signer written from the published description alone, so that the server is not its own witness. */
export function signV4(options: SignOptions): RawRequest {
  const { method, bucket = '', key = '', additionalHeaders = [], region = 'cn-hangzhou' } = options;
  const body = Buffer.from(options.body ?? '');
  const date = new Date(options.timeMs ?? Date.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers: Record<string, string> = {
    ...options.headers,
    'x-oss-date': date,
    'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
  };
  if (options.securityToken !== undefined) {
    headers['x-oss-security-token'] = options.securityToken;
  }
  if (options.body !== undefined) {
    headers['content-md5'] ??= createHash('md5').update(body).digest('base64');
  }
  const uri = (bucket === '' ? '/' : `/${encode(bucket)}/`) + encode(key).replaceAll('%2F', '/');
  const query = Object.entries(options.query ?? {})
    .map(([name, value]) => encode(name) + (value === '' ? '' : `=${encode(value)}`))
    .sort()
    .join('&');
  const signed = Object.keys(headers)
    .filter((name) => /^(x-oss-|content-(type|md5)$)/.test(name) || additionalHeaders.includes(name))
    .sort();
  const canonical = [
    method,
    uri,
    query,
    signed.map((name) => `${name}:${headers[name]}\n`).join(''),
    additionalHeaders.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const scope = [date.slice(0, 8), region, 'oss', 'aliyun_v4_request'];
  const hash = createHash('sha256').update(canonical, 'latin1').digest('hex');
  const hmac = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest();
  const signingKey = scope.reduce<string | Buffer>(
    hmac,
    `aliyun_v4${options.accessKeySecret ?? 'local-secret'}`,
  );
  const signature = hmac(signingKey, `OSS4-HMAC-SHA256\n${date}\n${scope.join('/')}\n${hash}`).toString(
    'hex',
  );
  const additional =
    additionalHeaders.length === 0 ? '' : `AdditionalHeaders=${additionalHeaders.join(';')},`;
  const credential = `${options.accessKeyId ?? 'local'}/${scope.join('/')}`;
  headers.authorization = `OSS4-HMAC-SHA256 Credential=${credential},${additional}Signature=${signature}`;
  return { method, path: query === '' ? uri : `${uri}?${query}`, headers, body };
}

/** Sends a request byte for byte as it is. */
export function send(port: number, { method, path, headers, body }: RawRequest): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const withLength =
      body.length === 0 && method !== 'PUT' ? headers : { ...headers, 'content-length': body.length };
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers: withLength, agent: false });
    request.on('error', reject).on('response', (response) => {
      response.toArray().then((chunks: Buffer[]) => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString();
        const inHeader = Buffer.from(String(response.headers['x-oss-err'] ?? ''), 'base64').toString();
        const code = /<Code>(.*?)<\/Code>/.exec(inHeader || text)?.[1];
        resolve({ statusCode: response.statusCode ?? 0, headers: response.headers, body: bytes, text, code });
      }, reject);
    });
    request.end(body);
  });
}
