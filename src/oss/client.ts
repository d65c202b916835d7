import { fieldsOf, type JsonObject, parseJson, textOf } from '../json.ts';
import { type Answered, type Call, type CallOptions, createCaller, type OssClientOptions } from './call.ts';
import { encodeComponent, type Query } from './encode.ts';
import { OssRequestError } from './errors.ts';
import { type Listing, readListing, unquote } from './listing.ts';

/** The object (or bucket) an operation is about. */
export interface ObjectArguments extends CallOptions {
  bucket: string;
  key: string;
}

export interface ProcessArguments extends ObjectArguments {
  /** The whole value of `x-oss-process`, save-as included. */
  process: string;
}

export interface PutArguments extends ObjectArguments {
  body: Buffer | string;
  contentType?: string | undefined;
  /** Further headers, such as `x-oss-meta-…`. */
  headers?: Readonly<Record<string, string>> | undefined;
}

export interface ListArguments extends CallOptions {
  bucket: string;
  prefix?: string | undefined;
  delimiter?: string | undefined;
  startAfter?: string | undefined;
  continuationToken?: string | undefined;
  /** 1 to 1,000; OSS's default is 100. */
  maxKeys?: number | undefined;
}

export interface Result {
  statusCode: number;
  requestId: string | undefined;
  /** Attempts made, the successful one included. */
  attempts: number;
}

export interface ProcessResult extends Result {
  /** Target bucket. The source bucket where OSS names none: it answers `""` when save-as had no `b_`. */
  bucket: string;
  /** Target key; this and the following are undefined when OSS answered 200 without a body, as it is documented to. */
  key: string | undefined;
  sizeBytes: number | undefined;
  /** `OK`. */
  processStatus: string | undefined;
}

export interface AsyncProcessResult extends Result {
  eventId: string | undefined;
  taskId: string | undefined;
}

export interface ObjectResult extends Result {
  sizeBytes: number;
  /** Without quotes, as in events. Undefined for a processed view. */
  eTag: string | undefined;
  contentType: string | undefined;
  lastModified: Date | undefined;
  /** All response headers, lower-case names. */
  headers: Readonly<Record<string, string>>;
}

/** OSS's operations. Each throws OssServiceError or OssRequestError, and nothing else. */
export interface OssClient {
  /** Has OSS process an object and save the result; `process` must hold `sys/saveas`. */
  processObject(args: ProcessArguments): Promise<ProcessResult>;
  /** The same as a task (video, documents), whose end is told elsewhere. */
  asyncProcessObject(args: ProcessArguments): Promise<AsyncProcessResult>;
  headObject(args: ObjectArguments): Promise<ObjectResult>;
  /** The object, or with `process` a processed view of it; at most 256 MiB, held in memory. */
  getObject(
    args: ObjectArguments & { process?: string | undefined },
  ): Promise<ObjectResult & { body: Buffer }>;
  putObject(args: PutArguments): Promise<Result & { eTag: string | undefined }>;
  /** One page of a bucket's objects. */
  listObjectsV2(args: ListArguments): Promise<Result & Listing>;
  deleteObject(args: ObjectArguments): Promise<Result>;
}

const maxObjectBytes = 256 * 1024 * 1024;

/** Makes a client; it holds no connection of its own (the dispatcher does) and needs no closing. */
export function createOssClient(options: OssClientOptions): OssClient {
  const call = createCaller(options);
  return {
    async processObject(args) {
      const answered = await call(processCall('ProcessObject', 'x-oss-process', args));
      const json = readJson(answered, 'object');
      return {
        ...result(answered),
        bucket: textOf(json.bucket) || args.bucket,
        key: textOf(json.object),
        sizeBytes: typeof json.fileSize === 'number' ? json.fileSize : undefined,
        processStatus: textOf(json.status),
      };
    },
    async asyncProcessObject(args) {
      const answered = await call(processCall('AsyncProcessObject', 'x-oss-async-process', args));
      const json = readJson(answered, 'TaskId');
      return {
        ...result(answered),
        eventId: textOf(json.EventId),
        taskId: textOf(json.TaskId),
      };
    },
    async headObject(args) {
      return objectResult(await call({ ...args, operation: 'HeadObject', method: 'HEAD' }));
    },
    async getObject({ process, ...object }) {
      const query: Query = process === undefined ? {} : { 'x-oss-process': process };
      const view: Call = {
        ...object,
        operation: 'GetObject',
        method: 'GET',
        query,
        maxAnswerBytes: maxObjectBytes,
      };
      const answered = await call(view);
      const { body } = answered.response;
      return { ...objectResult(answered), sizeBytes: body.length, body };
    },
    async putObject({ body, contentType, headers = {}, ...object }) {
      const sent = lowerCased(
        contentType === undefined ? headers : { ...headers, 'content-type': contentType },
      );
      const content = typeof body === 'string' ? Buffer.from(body) : body;
      const answered = await call({
        ...object,
        operation: 'PutObject',
        method: 'PUT',
        headers: sent,
        body: content,
      });
      return { ...result(answered), eTag: eTagOf(answered) };
    },
    async listObjectsV2(args) {
      const answered = await call(listCall(args));
      return { ...result(answered), ...listing(answered) };
    },
    async deleteObject(args) {
      return result(await call({ ...args, operation: 'DeleteObject', method: 'DELETE' }));
    },
  };
}

/**
 * `POST /key?x-oss-process` with the instruction in the body (OSS help: "Save processed images"). It is sent raw, as
 * all SDKs but one do, and that one shows that OSS decodes forms: ali-oss form-encodes it and passes. So a raw `+`,
 * `%` or `&` could change or cut the instruction; a process that has one is form-encoded like ali-oss's.
 */
function processCall(operation: string, parameter: string, args: ProcessArguments): Call {
  // Named one by one: a rest pattern and a spread cost 10 µs, more than the signature.
  const { bucket, key, process, deadline, signal } = args;
  const value = /[+%&]/.test(process) ? encodeComponent(process) : process;
  const body = Buffer.from(`${parameter}=${value}`);
  return { operation, method: 'POST', bucket, key, query: { [parameter]: '' }, body, deadline, signal };
}

function listCall({
  prefix,
  delimiter,
  startAfter,
  continuationToken,
  maxKeys,
  ...rest
}: ListArguments): Call {
  const query: Record<string, string> = { 'list-type': '2', 'encoding-type': 'url' };
  if (prefix) query.prefix = prefix;
  if (delimiter) query.delimiter = delimiter;
  if (startAfter) query['start-after'] = startAfter;
  if (continuationToken) query['continuation-token'] = continuationToken;
  if (maxKeys !== undefined) query['max-keys'] = String(maxKeys);
  return { ...rest, operation: 'ListObjectsV2', method: 'GET', query };
}

function result({ response: { statusCode, headers }, context: { attempts } }: Answered): Result {
  return { statusCode, requestId: headers['x-oss-request-id'], attempts };
}

/** The JSON that a process answers with, recognised by `field`; an empty 200 is documented too, and has no fields. */
function readJson(answered: Answered, field: string): JsonObject {
  const { body } = answered.response;
  if (body.length === 0) return {};
  const json = fieldsOf(parseJson(body.toString()));
  if (textOf(json[field]) !== undefined) return json;
  throw unexpected(
    answered,
    'instead of what was saved; without sys/saveas OSS returns the result and saves nothing',
  );
}

function objectResult(answered: Answered): ObjectResult {
  const { headers } = answered.response;
  const lastModified = new Date(headers['last-modified'] ?? '');
  return {
    ...result(answered),
    sizeBytes: Number(headers['content-length'] ?? 0),
    eTag: eTagOf(answered),
    contentType: headers['content-type'],
    lastModified: Number.isNaN(lastModified.getTime()) ? undefined : lastModified,
    headers,
  };
}

function listing(answered: Answered): Listing {
  try {
    return readListing(answered.response.body.toString());
  } catch (cause) {
    throw unexpected(answered, 'instead of a ListBucketResult document', cause);
  }
}

function eTagOf({ response: { headers } }: Answered): string | undefined {
  return headers.etag === undefined ? undefined : unquote(headers.etag);
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** A 2xx whose content is not the operation's. Permanent: the same request would be answered the same. */
function unexpected({ response, context }: Answered, complaint: string, cause?: unknown): OssRequestError {
  const { statusCode, headers, body } = response;
  const type = headers['content-type'] ?? 'unknown type';
  const message = `${statusCode} with ${body.length} bytes of ${type} ${complaint}`;
  const requestId = headers['x-oss-request-id'];
  return new OssRequestError(context, {
    code: 'UnexpectedAnswer',
    kind: 'permanent',
    message,
    requestId,
    cause,
  });
}
