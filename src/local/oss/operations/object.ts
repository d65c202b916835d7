import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { fieldsOf, textOf } from '../../../json.ts';
import { listOf } from '../../../xml.ts';
import { checkedBody, readBody, readXml } from '../http/body.ts';
import { checkConditions, contentRange, readRange } from '../http/conditions.ts';
import { badRequest, conflict, OssError } from '../http/errors.ts';
import { checkKey } from '../http/names.ts';
import {
  digestHeaders,
  headerValue,
  objectHeaders,
  readAcl,
  readProperties,
} from '../http/object-headers.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { OssRequest, Query } from '../http/request.ts';
import { encoderOf } from './list.ts';
import { createObject, type Operation, type Service } from './operation.ts';
import { describeObject, openObject } from './symlink.ts';

/** Documented: OSS help "PutObject": the ETag is the upper-case MD5. */
export const putObject: Operation = async (service, request) => {
  requireLength(request);
  refuseConditions(request);
  const meta = await createObject(service, request, 'ObjectCreated:PutObject', {
    source: checkedBody(request),
    ...readProperties(request.headers),
  });
  return { statusCode: 200, headers: digestHeaders(meta) };
};

/**
 * Documented: OSS help "AppendObject": `position` is the present length. Headers only count when the object
 * is created, except its ACL (live test of aliyun-oss-go-sdk). Assumed: the ETag is the MD5 of the whole. The
 * earlier bytes are copied, so an append is as atomic as any write.
 */
export const appendObject: Operation = async (service, request) => {
  requireLength(request);
  const { bucket, key, headers, query } = request;
  const position = query.get('position');
  if (position === undefined) {
    throw badRequest('MissingArgument', 'Missing Some Required Arguments.');
  }
  if (!/^\d{1,15}$/.test(position)) {
    throw badRequest('InvalidArgument', 'position must be a whole number from 0 on.');
  }
  const base = service.store.bucket(bucket).objects.get(key);
  if (base !== undefined && base.type !== 'Appendable') {
    throw conflict('ObjectNotAppendable', 'The object is not appendable.');
  }
  async function* source() {
    if (base !== undefined) {
      yield* (await service.store.open(bucket, key)).stream();
    }
    yield* checkedBody(request);
  }
  const { tags, acl, storageClass, headers: kept } = base ?? readProperties(headers);
  const meta = await createObject(service, request, 'ObjectCreated:AppendObject', {
    headers: kept,
    tags,
    acl: readAcl(headers, 'x-oss-object-acl') ?? acl,
    storageClass,
    type: 'Appendable',
    source: source(),
    guard: (previous) => {
      const next = previous?.sizeBytes ?? 0;
      // Otherwise tags or an ACL set in the meantime would be lost.
      if (previous !== base || Number(position) !== next) {
        throw conflict('PositionNotEqualToLength', 'Position is not equal to file length', {
          headers: { 'x-oss-next-append-position': String(next) },
        });
      }
    },
  });
  const next = { 'x-oss-next-append-position': String(meta.sizeBytes) };
  return { statusCode: 200, headers: { ...digestHeaders(meta), ...next } };
};

/** Returns an object, or the requested range of it (documented: OSS help "GetObject"). */
export const getObject: Operation = async ({ store }, request) => {
  const object = await openObject(store, request.bucket, request.key);
  const { sizeBytes } = object.meta;
  try {
    checkConditions(request.headers, object.meta);
    const headers = { ...objectHeaders(object.meta), ...overriddenHeaders(request.query) };
    const isStrict = request.headers.get('x-oss-range-behavior') === 'standard';
    const range = readRange(request.headers.get('range'), sizeBytes, isStrict);
    if (range === undefined) {
      return compressed({ statusCode: 200, headers, body: object.stream() }, request);
    }
    const length = String(range.end - range.start + 1);
    const part = { 'content-length': length, ...contentRange(range, sizeBytes) };
    return { statusCode: 206, headers: { ...headers, ...part }, body: object.stream(range.start, range.end) };
  } catch (error) {
    object.close();
    throw error;
  }
};

/** Documented: OSS help "How do I compress objects that I download": text from 1 KB, without its ETag. */
function compressed(reply: Reply, { headers: asked }: OssRequest): Reply {
  const { etag: _, 'content-length': sizeBytes, 'accept-ranges': __, ...headers } = reply.headers ?? {};
  const isAsked = /\bgzip\b/.test(asked.get('accept-encoding') ?? '');
  const isText =
    compressible.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined;
  if (!isAsked || !isText || Number(sizeBytes) < 1024) {
    return reply;
  }
  const coding = { 'content-encoding': 'gzip', 'transfer-encoding': 'chunked', vary: 'Accept-Encoding' };
  const { body } = reply;
  // An error ends both streams, and the client notices.
  const zipped = body instanceof Readable ? pipeline(body, createGzip(), () => {}) : body;
  return { ...reply, headers: { ...headers, ...coding }, body: zipped };
}

const compressible =
  /^(text\/(cache-manifest|xml|css|html|plain|json)|application\/((x-)?javascript|rss\+xml|json))\s*(;|$)/;

const overridable = /^response-(content-(type|language|disposition|encoding)|expires|cache-control)$/;

/** `response-content-type` and the like override the object's own (documented: OSS help "GetObject"). */
export function overriddenHeaders(query: Query): Record<string, string> {
  const overrides = [...query].filter(([name, value]) => overridable.test(name) && value !== '');
  const named = overrides.map(([name, value]) => [name.slice('response-'.length), headerValue(value)]);
  return Object.fromEntries(named);
}

/** Returns the headers that GetObject would send (documented: OSS help "HeadObject"). */
export const headObject: Operation = ({ store }, request) => {
  const meta = describeObject(store, request.bucket, request.key);
  checkConditions(request.headers, meta);
  return compressed({ statusCode: 200, headers: objectHeaders(meta) }, request);
};

/** Documented: OSS help "GetObjectMeta": only ETag, size, date and CRC-64; for a link these are its own. */
export const getObjectMeta: Operation = ({ store }, { bucket, key }) => {
  const shown = /^(etag|content-length|last-modified|x-oss-hash-crc64ecma)$/;
  const headers = Object.entries(objectHeaders(store.meta(bucket, key)));
  return { statusCode: 200, headers: Object.fromEntries(headers.filter(([name]) => shown.test(name))) };
};

/** Documented: 204 whether or not the object existed. */
export const deleteObject: Operation = (service, request) => {
  remove(service, request, request.key, 'ObjectRemoved:DeleteObject');
  return { statusCode: 204 };
};

/**
 * Documented: OSS help "DeleteMultipleObjects": up to 1,000 keys. All are reported as deleted, existing or
 * not; with `Quiet` none is. Assumed: one event for each object that existed.
 */
export const deleteMultipleObjects: Operation = async (service, request) => {
  if (!request.headers.has('content-md5')) {
    // Documented: the page of this EC. Code and message are OSS's own (volcengine/OpenViking issue 1330).
    throw badRequest('MissingArgument', 'Missing Some Required Arguments.', { ec: '0016-00000606' });
  }
  const { Object: named, Quiet } = readXml(await readBody(request, 2 * 1024 * 1024), 'Delete');
  const objects = listOf(named).map(fieldsOf);
  if (objects.length === 0 || objects.length > 1000) {
    throw badRequest('MalformedXML', 'A request names 1 to 1,000 objects to delete.');
  }
  if (objects.some(({ VersionId }) => VersionId !== undefined && VersionId !== 'null')) {
    throw badRequest('InvalidArgument', 'The bucket has no versions but null.');
  }
  const keys = objects.map(({ Key }) => checkKey(textOf(Key) ?? ''));
  for (const key of keys) {
    remove(service, request, key, 'ObjectRemoved:DeleteObjects');
  }
  if (textOf(Quiet)?.trim() === 'true') {
    return { statusCode: 200 };
  }
  // Documented as a header, but most SDKs send it as a parameter.
  const { headers, query } = request;
  const { encode, EncodingType } = encoderOf(headers.has('encoding-type') ? headers : query);
  return xmlReply({ DeleteResult: { EncodingType, Deleted: keys.map((key) => ({ Key: encode(key) })) } });
};

/** Assumed: no event if there was no object; the size difference is negative. */
function remove({ store, notify }: Service, request: OssRequest, key: string, eventName: string): void {
  const { bucket } = request;
  const meta = store.delete(bucket, key);
  if (meta !== undefined) {
    notify(request, { eventName, meta, deltaSizeBytes: -meta.sizeBytes });
  }
}

/** Documented: OSS help "Error responses", for If-Modified-Since. Assumed: the others are refused as well. */
function refuseConditions({ headers }: OssRequest): void {
  const names = ['If-Modified-Since', 'If-Unmodified-Since', 'If-Match', 'If-None-Match'];
  const name = names.find((each) => headers.has(each.toLowerCase()));
  if (name !== undefined) {
    const message = 'A header you provided implies functionality that is not implemented.';
    throw badRequest('NotImplemented', message, { extra: { Header: name } });
  }
}

function requireLength({ headers }: OssRequest): void {
  if (!headers.has('content-length') && !headers.has('transfer-encoding')) {
    throw new OssError(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
}
