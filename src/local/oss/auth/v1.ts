import { createHmac } from 'node:crypto';
import type { OssRequest } from '../http/request.ts';

/** What a request claims, wherever it says so. */
export interface V1Signature {
  readonly accessKeyId: string;
  readonly signature: string;
  /** The Date line of the string to sign: a date as HTTP writes it, or the `Expires` of a URL. */
  readonly date: string;
  readonly securityToken: string | undefined;
}

/** Query parameters that are signed (documented: OSS help "Include a V1 signature"; aliyun-oss-go-sdk oss/conn.go has the list). */
const subresources = new Set(
  `acl append asyncFetch bucketInfo callback callback-var cname comp continuation-token cors delete encryption endTime
   img inventory inventoryId lifecycle live location logging metaQuery objectMeta partNumber policy position qos qosInfo
   referer regionList replication replicationLocation replicationProgress requestPayment resourceGroup
   response-cache-control response-content-disposition response-content-encoding response-content-language
   response-content-type response-expires restore security-token sequential startTime stat status style styleName
   symlink tagging transferAcceleration udf uploadId uploads versionId versioning versions vod website worm wormExtend
   wormId x-oss-async-process x-oss-process x-oss-request-payer x-oss-traffic-limit`.split(/\s+/),
);

type SignedParts = Pick<OssRequest, 'method' | 'bucket' | 'key' | 'query' | 'headers'>;

/** The signature a request ought to have, in the steps of OSS help "Include a V1 signature". */
export function signV1(
  { method, bucket, key, query, headers }: SignedParts,
  date: string,
  secret: string,
): { stringToSign: string; signature: string } {
  const ossHeaders = [...headers.keys()]
    .filter((name) => name.startsWith('x-oss-'))
    .sort()
    .map((name) => `${name}:${headers.get(name)}`);
  const signed = [...query]
    .filter(([name]) => subresources.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  const path = bucket === '' ? '/' : `/${bucket}/${key}`;
  const resource = signed.length === 0 ? path : `${path}?${signed.join('&')}`;
  const [md5, type] = [headers.get('content-md5') ?? '', headers.get('content-type') ?? ''];
  // One character a byte throughout, as header values are.
  const lines = [method, md5, type, date, ...ossHeaders, Buffer.from(resource).toString('latin1')];
  const stringToSign = lines.join('\n');
  return { stringToSign, signature: signTextV1(stringToSign, secret) };
}

/** Base64 of the HMAC-SHA1 of a text that holds one character a byte. */
export function signTextV1(text: string, secret: string): string {
  return createHmac('sha1', secret).update(text, 'latin1').digest('base64');
}
