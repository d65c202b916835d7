import { encodeComponent } from '../../../oss/encode.ts';
import type { AccessKey } from '../../oss/auth/access-keys.ts';
import { signTextV4, stringToSignV4 } from '../../oss/auth/v4-signature.ts';

interface RequestToPresign {
  method: string;
  bucket: string;
  key: string;
  /** The Content-Type that the request will send; absent if it sends none. */
  contentType?: string | undefined;
}

/** Long enough for the upload of a large picture to start. */
const expiresSeconds = 600;

/**
 * Signs a path, in its query, for one request of a browser (OSS help: "Include a V4 signature in a URL"). The
 * host is not signed, as it may be localhost or 127.0.0.1. Downloads are saved, not displayed.
 */
export function presign(
  { method, bucket, key, contentType }: RequestToPresign,
  { accessKey, region, timeMs }: { accessKey: AccessKey; region: string; timeMs: number },
): string {
  const signedAt = `${new Date(timeMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const credential = { accessKeyId: accessKey.id, date: signedAt.slice(0, 8), region, product: 'oss' };
  const query = new Map([
    ...(method === 'GET' ? [['response-content-disposition', 'attachment'] as const] : []),
    ['x-oss-credential', `${accessKey.id}/${credential.date}/${region}/oss/aliyun_v4_request`],
    ['x-oss-date', signedAt],
    ['x-oss-expires', String(expiresSeconds)],
    ['x-oss-signature-version', 'OSS4-HMAC-SHA256'],
  ]);
  const headers = new Map(contentType ? [['content-type', contentType]] : []);
  const signing = { credential, signedAt, additionalHeaders: [] };
  const stringToSign = stringToSignV4({ method, bucket, key, query, headers }, signing);
  const signature = signTextV4(stringToSign, signing.credential, accessKey.secret);
  const text = new URLSearchParams([...query, ['x-oss-signature', signature]]);
  return `/${bucket}/${encodeComponent(key)}?${text}`;
}
