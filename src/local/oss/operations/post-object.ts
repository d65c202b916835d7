import { checkScope, isSame, type Principal, signatureDoesNotMatch } from '../auth/authenticate.ts';
import { type PostPolicy, parsePolicy } from '../auth/post-policy.ts';
import { signTextV1 } from '../auth/v1.ts';
import { parseCredential, signTextV4 } from '../auth/v4.ts';
import { badRequest, forbidden, notImplemented } from '../http/errors.ts';
import { drain, type Form, readForm } from '../http/form-data.ts';
import { checkKey } from '../http/names.ts';
import { digestHeaders, readProperties } from '../http/object-headers.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { ObjectMeta } from '../store/object-file.ts';
import { createObject, isOverwriteForbidden, type OperationContext } from './operation.ts';

type Fields = ReadonlyMap<string, string>;

/** Those that begin with `x-oss-` and are understood; any other is refused by name. */
const understood =
  /^x-oss-(meta-.+|object-acl|storage-class|tagging|forbid-overwrite|content-type|security-token|credential|date|signature|signature-version)$/;

/** A browser's form upload, signed (V4 or V1) by its policy (documented: OSS help "PostObject", "Signature Version 4"). */
export async function postObject(context: OperationContext): Promise<Reply> {
  const { request, store } = context;
  store.bucket(request.bucket);
  const body: AsyncIterator<Buffer> = request.body[Symbol.asyncIterator]();
  try {
    const form = await readForm(body, request.headers.get('content-type') ?? '');
    return await upload(context, form);
  } catch (error) {
    await drain(body);
    throw error;
  }
}

async function upload(context: OperationContext, { fields, file }: Form): Promise<Reply> {
  const { bucket } = context.request;
  const unknown = [...fields.keys()].find(
    (name) => name === 'callback' || (name.startsWith('x-oss-') && !understood.test(name)),
  );
  if (unknown !== undefined) {
    throw notImplemented(`the form field ${unknown} of PostObject`);
  }
  const key = checkKey((fields.get('key') ?? '').replaceAll(`\${filename}`, file.name));
  const { principalId, policy } = authenticate(context, fields);
  policy?.checkFields(new Map([...fields, ['bucket', bucket], ['key', key]]));
  const type = fields.get('x-oss-content-type') ?? file.contentType ?? fields.get('content-type');
  // Headers hold one character a byte.
  const headers = new Map([...fields].map(([name, value]) => [name, Buffer.from(value).toString('latin1')]));
  if (type !== undefined) {
    headers.set('content-type', type);
  }
  const meta = await createObject(context, 'ObjectCreated:PostObject', {
    bucket,
    key,
    source: file.bytes,
    verify: ({ sizeBytes }) => policy?.checkSize(sizeBytes),
    isOverwriteForbidden: isOverwriteForbidden(headers),
    principalId,
    ...readProperties(headers),
  });
  return answer(context, fields, meta);
}

/** Without a policy the form is anonymous, and for buckets that the public may write to. */
function authenticate(
  context: OperationContext,
  fields: Fields,
): { principalId: string; policy: PostPolicy | undefined } {
  const { request, store, now } = context;
  const base64 = fields.get('policy');
  if (base64 !== undefined) {
    return {
      principalId: verify(context, fields, base64).principalId,
      policy: parsePolicy(base64, now()),
    };
  }
  if (store.bucket(request.bucket).settings.acl === 'public-read-write') {
    return { principalId: context.principal.principalId, policy: undefined };
  }
  throw forbidden('AccessDenied', 'The bucket you access does not allow anonymous uploads.');
}

function verify({ principalOf, region }: OperationContext, fields: Fields, base64: string): Principal {
  const token = fields.get('x-oss-security-token');
  if (fields.get('x-oss-signature-version') === 'OSS4-HMAC-SHA256') {
    const credential = parseCredential(fields.get('x-oss-credential') ?? '');
    checkScope(credential, fields.get('x-oss-date') ?? '', region);
    const principal = principalOf(credential.accessKeyId, token);
    const signature = fields.get('x-oss-signature') ?? '';
    if (isSame(signTextV4(base64, credential, principal.accessKeySecret), signature)) {
      return principal;
    }
    throw signatureDoesNotMatch({ ...credential, signature }, base64, '0002-00000201');
  }
  const [accessKeyId, signature] = [fields.get('ossaccesskeyid'), fields.get('signature')];
  if (accessKeyId === undefined || signature === undefined) {
    throw badRequest('InvalidArgument', 'The form has a policy and no signature.');
  }
  const principal = principalOf(accessKeyId, token);
  if (isSame(signTextV1(base64, principal.accessKeySecret), signature)) {
    return principal;
  }
  throw signatureDoesNotMatch({ accessKeyId, signature }, base64, '0002-00000040');
}

/** 204 unless `success_action_redirect` or `success_action_status` says otherwise. */
function answer({ request, endpoint }: OperationContext, fields: Fields, meta: ObjectMeta): Reply {
  const { 'content-md5': _, ...headers } = digestHeaders(meta);
  const { bucket } = request;
  const eTag = `"${meta.eTag}"`;
  const redirect = fields.get('success_action_redirect') || undefined;
  if (redirect !== undefined) {
    const query = new URLSearchParams({ bucket, key: meta.key, etag: eTag });
    const location = `${redirect}${redirect.includes('?') ? '&' : '?'}${query}`;
    const escaped = location.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
    return { statusCode: 303, headers: { ...headers, location: escaped } };
  }
  const status = fields.get('success_action_status');
  if (status === '200') {
    return { statusCode: 200, headers };
  }
  if (status !== '201') {
    return { statusCode: 204, headers };
  }
  const location = `${endpoint}/${bucket}/${encodeURIComponent(meta.key)}`;
  const reply = xmlReply({ PostResponse: { Bucket: bucket, ETag: eTag, Key: meta.key, Location: location } });
  return { ...reply, statusCode: 201, headers: { ...reply.headers, ...headers } };
}
