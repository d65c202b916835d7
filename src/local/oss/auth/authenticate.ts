import { notImplemented } from '../http/errors.ts';
import type { OssRequest } from '../http/request.ts';
import type { Service } from '../operations/operation.ts';
import { type Claim, verify } from './claim.ts';
import { readV1Header, readV1Url } from './v1.ts';
import { readV4Header, readV4Url } from './v4.ts';

/**
 * Verifies a request's signature as received and returns who signed it: V4 and V1, each in a header or in the
 * URL (documented: OSS help "Include a V4 signature", "Include a V1 signature"; ec numbers from their pages).
 * Undefined for an anonymous request. Which of several faults is reported first is assumed.
 */
export function authenticate(request: OssRequest, { region, now, accessKeys }: Service): string | undefined {
  const claim = readClaim(request, region, now());
  return claim && verify(claim, accessKeys.principalOf);
}

function readClaim(request: OssRequest, region: string, nowMs: number): Claim | undefined {
  const authorization = request.headers.get('authorization');
  const [other] = /^(OSS2|AWS|AWS4-HMAC-SHA256)(?= )/.exec(authorization ?? '') ?? [];
  if (other !== undefined) {
    throw notImplemented(`signatures of the kind ${other}`);
  }
  if (authorization !== undefined) {
    const isV1 = authorization.startsWith('OSS ');
    return isV1 ? readV1Header(request, nowMs) : readV4Header(request, region, nowMs);
  }
  const version = request.query.get('x-oss-signature-version') ?? request.query.get('X-Amz-Algorithm');
  if (version === 'OSS4-HMAC-SHA256') {
    return readV4Url(request, region, nowMs);
  }
  if (version !== undefined) {
    throw notImplemented(`URLs signed by ${version}`);
  }
  return request.query.has('Signature') ? readV1Url(request, nowMs) : undefined;
}
