import { contentMd5Check } from '../http/body.ts';
import { checkConditions, readRange } from '../http/conditions.ts';
import { badRequest, conflict, OssError } from '../http/errors.ts';
import { digestHeaders, objectHeaders, readProperties } from '../http/object-headers.ts';
import type { Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import { createObject, isOverwriteForbidden, type OperationContext } from './operation.ts';
import { describeObject, openObject, readObject } from './symlink.ts';

/** Documented: OSS help "PutObject": the ETag is the upper-case MD5. */
export async function putObject(context: OperationContext): Promise<Reply> {
  const { request } = context;
  const { bucket, key, headers } = request;
  requireLength(request);
  const meta = await createObject(context, 'ObjectCreated:PutObject', {
    bucket,
    key,
    source: request.body,
    isOverwriteForbidden: isOverwriteForbidden(headers),
    verify: contentMd5Check(request),
    ...readProperties(headers),
  });
  return { statusCode: 200, headers: digestHeaders(meta) };
}

/**
 * Documented: OSS help "AppendObject": `position` is the length so far, and what is in the headers counts only when the
 * object is made. Assumed: the ETag is the MD5 of all of it. The bytes so far are copied: an append is atomic like any write.
 */
export async function appendObject(context: OperationContext): Promise<Reply> {
  const { request, store } = context;
  const { bucket, key, headers, query } = request;
  requireLength(request);
  const position = query.get('position') ?? '';
  if (!/^\d{1,15}$/.test(position)) {
    throw badRequest('InvalidArgument', 'position must be a whole number from 0 on.');
  }
  const base = store.bucket(bucket).objects.get(key);
  if (base !== undefined && base.type !== 'Appendable') {
    throw conflict('ObjectNotAppendable', 'The object is not appendable.');
  }
  const refuse = (lengthBytes: number) =>
    conflict('PositionNotEqualToLength', 'Position is not equal to file length.', {
      'x-oss-next-append-position': String(lengthBytes),
    });
  if (Number(position) !== (base?.sizeBytes ?? 0)) {
    throw refuse(base?.sizeBytes ?? 0);
  }
  async function* source() {
    if (base !== undefined) {
      yield* readObject(store, { bucket, key });
    }
    yield* request.body;
  }
  const { tags, acl, storageClass, headers: kept } = base ?? readProperties(headers);
  const meta = await createObject(context, 'ObjectCreated:AppendObject', {
    headers: kept,
    ...(tags !== undefined && { tags }),
    ...(acl !== undefined && { acl }),
    ...(storageClass !== undefined && { storageClass }),
    type: 'Appendable',
    bucket,
    key,
    source: source(),
    guard: (previous) => {
      if (previous !== base) {
        throw refuse(previous?.sizeBytes ?? 0);
      }
    },
  });
  return {
    statusCode: 200,
    headers: { ...digestHeaders(meta), 'x-oss-next-append-position': String(meta.sizeBytes) },
  };
}

export async function getObject({ request, store }: OperationContext): Promise<Reply> {
  const object = await openObject(store, request.bucket, request.key);
  const { meta } = object;
  try {
    checkConditions(request.headers, meta);
    const headers = { ...objectHeaders(meta), ...overriddenHeaders(request) };
    const range = readRange(request.headers, meta.sizeBytes);
    if (range === undefined) {
      return { statusCode: 200, headers, body: object.stream() };
    }
    const { start, end } = range;
    const partial = {
      'content-length': String(end - start + 1),
      'content-range': `bytes ${start}-${end}/${meta.sizeBytes}`,
    };
    return { statusCode: 206, headers: { ...headers, ...partial }, body: object.stream(start, end) };
  } catch (error) {
    await object.close();
    throw error;
  }
}

export function headObject({ request, store }: OperationContext): Reply {
  const meta = describeObject(store, request.bucket, request.key);
  checkConditions(request.headers, meta);
  return { statusCode: 200, headers: objectHeaders(meta) };
}

/** Documented: OSS help "GetObjectMeta": ETag, size, date and CRC-64 only; of a symbolic link itself, which is empty. */
export function getObjectMeta({ request, store }: OperationContext): Reply {
  const headers = objectHeaders(store.meta(request.bucket, request.key));
  const shown = Object.entries(headers).filter(([name]) =>
    /^(etag|content-length|last-modified|x-oss-hash-crc64ecma)$/.test(name),
  );
  return { statusCode: 200, headers: Object.fromEntries(shown) };
}

/** `response-content-type` and the like stand in for the object's own (documented: OSS help "GetObject"). */
function overriddenHeaders({ query }: OssRequest): Record<string, string> {
  const overrides = [...query].filter(([name, value]) => name.startsWith('response-') && value !== '');
  return Object.fromEntries(
    overrides.map(([name, value]) => [
      name.slice('response-'.length),
      Buffer.from(value.replace(/[\r\n]/g, '')).toString('latin1'),
    ]),
  );
}

function requireLength({ headers }: OssRequest): void {
  if (headers.has('content-length') || headers.has('transfer-encoding')) {
    return;
  }
  const message = 'You must provide the Content-Length HTTP header.';
  throw new OssError({ statusCode: 411, code: 'MissingContentLength', message });
}
