import { authenticate } from '../auth/authenticate.ts';
import { badRequest, forbidden, notImplemented, refuseVersion } from '../http/errors.ts';
import type { Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import { signedParameters, subresources } from '../http/subresources.ts';
import { isPublic } from './acl.ts';
import type { Service } from './operation.ts';
import { findOperation } from './table.ts';

/** Authenticates a request and carries it out. */
export async function carryOutRequest(service: Service, request: OssRequest): Promise<Reply> {
  const { requestId, bucket } = request;
  const { name, run, access } = findOperation(request);
  // A missing bucket is reported before a wrong AccessKey, if it is not created (live tests of py-sdk-v2).
  if (bucket !== '' && name !== 'PutBucket' && name !== 'PutBucketAcl') {
    service.store.bucket(bucket);
  }
  if (run === undefined) {
    throw notImplemented(name);
  }
  refuseUnsupported(request);
  const principalId = authenticate(request, service);
  if (principalId === undefined && access !== 'form' && !isPublic(service, request, access)) {
    const message = `Anonymous user has no right to access this ${request.key === '' ? 'bucket' : 'object'}.`;
    throw forbidden('AccessDenied', message, { ec: '0003-00000001' });
  }
  if (principalId === undefined && [...request.query.keys()].some((name) => name.startsWith('response-'))) {
    // Documented: OSS help "400 errors".
    const message = 'Request specific response headers cannot be used for anonymous GET requests.';
    throw badRequest('InvalidRequest', message);
  }
  const ignored = ignoredNames(request);
  if (ignored.length > 0) {
    service.log.warn('request holds what nothing here knows', { requestId, operation: name, ignored });
  }
  return run(service, { ...request, principalId: principalId ?? request.principalId });
}

/** Throws NotImplemented for features that the local OSS lacks and that a client would rely on. */
function refuseUnsupported({ headers, query }: OssRequest): void {
  if (headers.has('x-oss-callback') || query.has('callback')) {
    throw notImplemented('callbacks');
  }
  // Processing ignores it (OSS help "IMG overview").
  if (!query.has('x-oss-process')) {
    refuseVersion(query.get('versionId') ?? 'null');
  }
}

const knownHeaders = [
  /^x-oss-(acl|copy-source.*|object-acl|range-behavior|storage-class|symlink-target|tagging|traffic-limit)$/,
  /^x-oss-(complete-all|content-sha256|date|forbid-overwrite|hash-crc64ecma|security-token|user-agent)$/,
  /^x-oss-(meta-.+|(metadata|tagging)-directive|request-payer|server-side-(data-)?encryption(-key-id)?)$/,
];

const knownParameters = new Set(
  `category delimiter encoding-type Expires fetch-owner key-marker marker max-keys max-parts max-uploads
   OSSAccessKeyId part-number-marker prefix Signature start-after upload-id-marker version-id-marker
   x-oss-additional-headers x-oss-credential x-oss-date x-oss-expires x-oss-security-token x-oss-signature
   x-oss-signature-version`.split(/\s+/),
);

/**
 * The `x-oss-*` headers and query parameters that nothing here knows. OSS ignores them (the live tests of
 * three SDKs send some), and so does this server. A user who misspelt one should find it in the log.
 */
function ignoredNames({ headers, query }: OssRequest): string[] {
  const isKnown = (name: string) => knownHeaders.some((pattern) => pattern.test(name));
  const isKnownParameter = (name: string) =>
    knownParameters.has(name) || subresources.has(name) || signedParameters.has(name);
  return [
    ...[...headers.keys()].filter((name) => name.startsWith('x-oss-') && !isKnown(name)),
    ...[...query.keys()].filter((name) => !isKnownParameter(name)).map((name) => `?${name}`),
  ];
}
