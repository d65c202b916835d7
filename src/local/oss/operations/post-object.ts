import { type Claim, verify } from '../auth/claim.ts';
import { checkFields, checkFileSize, parsePolicy } from '../auth/post-policy.ts';
import { readV4Parameters } from '../auth/v4.ts';
import { checkedBody } from '../http/body.ts';
import { badRequest, forbidden, notImplemented } from '../http/errors.ts';
import { type Fields, type Form, readForm } from '../http/form-data.ts';
import { checkKey } from '../http/names.ts';
import { digestHeaders, headerValue, quotedETag, readProperties } from '../http/object-headers.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import type { ObjectMeta } from '../store/object.ts';
import { isPublic } from './acl.ts';
import { createObject, type Operation, refuseMethod, type Service } from './operation.ts';

/** A browser's form, signed by its policy (documented: OSS help "PostObject", "Signature Version 4"). */
export const postObject: Operation = async (service, request) => {
  const type = request.headers.get('content-type') ?? '';
  // A request with its own signature is not a form (live test of alibabacloud-oss-python-sdk-v2).
  if (request.principalId !== 'anonymous' && !type.startsWith('multipart/')) {
    return refuseMethod();
  }
  const body = checkedBody(request);
  try {
    const form = await readForm(body, type);
    return await upload(service, request, form);
  } finally {
    await body.return(undefined);
  }
};

async function upload(service: Service, request: OssRequest, form: Form): Promise<Reply> {
  const { fields, fileName, fileType, bytes } = form;
  if (fields.has('callback')) {
    throw notImplemented('the form field callback of PostObject');
  }
  const { bucket } = request;
  if (!fields.has('key')) {
    throw badRequest('InvalidArgument', 'The bucket POST must contain the specified field name: key.');
  }
  const key = checkKey((fields.get('key') ?? '').replaceAll(`\${filename}`, () => fileName));
  const { principalId, conditions } = authenticateForm(service, request, fields);
  const type = fields.get('x-oss-content-type') ?? fileType ?? fields.get('content-type');
  // A condition on the type is about the type that is stored, whatever else the form says.
  const stored = new Map(type === undefined ? fields : [...fields, ['content-type', type]]);
  checkFields(conditions, new Map([...stored, ['bucket', bucket], ['key', key]]));
  const headers = new Map([...stored].map(([name, value]) => [name, headerValue(value)]));
  const objectRequest = { ...request, principalId, key, headers };
  const meta = await createObject(service, objectRequest, 'ObjectCreated:PostObject', {
    source: bytes,
    verify: ({ sizeBytes }) => checkFileSize(conditions, sizeBytes),
    ...readProperties(headers),
  });
  return answerForm(service, request, fields, meta);
}

/** Without a policy a form is anonymous, which needs a bucket that the public may write to. */
function authenticateForm(service: Service, request: OssRequest, fields: Fields) {
  const base64 = fields.get('policy');
  if (base64 !== undefined) {
    const signer = verify(readFormClaim(service, fields, base64), service.accessKeys.principalOf);
    return { principalId: signer, conditions: parsePolicy(base64, service.now()) };
  }
  if (fields.has('ossaccesskeyid') || fields.has('signature')) {
    // Documented: OSS help "PostObject": all three fields or none.
    throw badRequest('InvalidArgument', 'The form has a signature and no policy.');
  }
  if (isPublic(service, request, 'write')) {
    return { principalId: request.principalId, conditions: [] };
  }
  throw forbidden('AccessDenied', 'The bucket you access does not allow anonymous uploads.');
}

function readFormClaim({ region }: Service, fields: Fields, policy: string): Claim {
  if (fields.get('x-oss-signature-version') === 'OSS4-HMAC-SHA256') {
    return { ...readV4Parameters(fields, region), stringsToSign: [policy] };
  }
  const accessKeyId = fields.get('ossaccesskeyid');
  const signature = fields.get('signature');
  if (accessKeyId === undefined || signature === undefined) {
    const absent = accessKeyId === undefined ? 'accessKeyId' : 'signature';
    throw badRequest('InvalidArgument', `Post request ${absent} is empty.`);
  }
  const securityToken = fields.get('x-oss-security-token');
  return { accessKeyId, signature, securityToken, stringsToSign: [policy] };
}

/** 204, unless `success_action_redirect` or `success_action_status` says otherwise. */
function answerForm({ endpoint }: Service, { bucket }: OssRequest, fields: Fields, meta: ObjectMeta): Reply {
  const { 'content-md5': _, ...headers } = digestHeaders(meta);
  const eTag = quotedETag(meta);
  const redirect = fields.get('success_action_redirect') ?? '';
  if (redirect !== '') {
    const query = new URLSearchParams({ bucket, key: meta.key, etag: eTag });
    const location = `${redirect}${redirect.includes('?') ? '&' : '?'}${query}`;
    const escaped = location.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
    return { statusCode: 303, headers: { ...headers, location: escaped } };
  }
  const status = fields.get('success_action_status');
  if (status !== '201') {
    return { statusCode: status === '200' ? 200 : 204, headers };
  }
  const location = `${endpoint}/${bucket}/${encodeURIComponent(meta.key)}`;
  const document = { PostResponse: { Bucket: bucket, ETag: eTag, Key: meta.key, Location: location } };
  return xmlReply(document, headers, 201);
}
