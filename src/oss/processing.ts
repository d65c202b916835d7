import { fieldsOf, type JsonObject, parseJson, textOf } from '../json.ts';
import type { Answered, Call, CallOptions } from './call.ts';
import { encodeComponent } from './encode.ts';
import { OssRequestError } from './errors.ts';

/** The object (or bucket) an operation is about. */
export interface ObjectArguments extends CallOptions {
  bucket: string;
  key: string;
}

export interface ProcessArguments extends ObjectArguments {
  /** The whole value of `x-oss-process`, save-as included. */
  process: string;
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

export interface ObjectResult extends Result {
  sizeBytes: number;
  /** Without quotes, as in events. Undefined for a processed view. */
  eTag: string | undefined;
  contentType: string | undefined;
  lastModified: Date | undefined;
  /** All response headers, lower-case names. */
  headers: Readonly<Record<string, string>>;
}

/** The operations that the function needs. Each throws OssServiceError or OssRequestError, and nothing else. */
export interface ProcessingClient {
  /** Has OSS process an object and save the result; `process` must hold `sys/saveas`. */
  processObject(args: ProcessArguments): Promise<ProcessResult>;
  headObject(args: ObjectArguments): Promise<ObjectResult>;
}

/** Makes the operations that the function needs, apart from the others so that its bundle has no more than these. */
export function createProcessingClient(call: (call: Call) => Promise<Answered>): ProcessingClient {
  return {
    async processObject(args) {
      const answered = await call(processCall('ProcessObject', 'x-oss-process', args));
      const { bucket, object, fileSize, status } = readJson(answered, 'object');
      return {
        bucket: textOf(bucket) || args.bucket,
        key: textOf(object),
        sizeBytes: typeof fileSize === 'number' ? fileSize : undefined,
        processStatus: textOf(status),
        // Last, here as elsewhere on this path: V8 takes 2 µs for a literal that goes on after a spread.
        ...result(answered),
      };
    },
    async headObject(args) {
      return objectResult(await call({ ...args, operation: 'HeadObject', method: 'HEAD' }));
    },
  };
}

/**
 * `POST /key?x-oss-process` with the instruction in the body (OSS help: "Save processed images"). It is sent raw, as
 * all SDKs but one do, and that one shows that OSS decodes forms: ali-oss form-encodes it and passes. So a raw `+`,
 * `%` or `&` could change or cut the instruction; a process that has one is form-encoded like ali-oss's.
 */
export function processCall(operation: string, parameter: string, args: ProcessArguments): Call {
  const { bucket, key, process, deadline } = args;
  const value = /[+%&]/.test(process) ? encodeComponent(process) : process;
  const body = Buffer.from(`${parameter}=${value}`);
  return { operation, method: 'POST', bucket, key, query: { [parameter]: '' }, body, deadline };
}

/** What every answer says. */
export function result({ response: { statusCode, headers }, context: { attempts } }: Answered): Result {
  return { statusCode, requestId: headers['x-oss-request-id'], attempts };
}

/**
 * The JSON that a process answers with, recognised by `field`; an empty 200 is documented too, and has no fields. Throws
 * OssRequestError on any other answer.
 */
export function readJson(answered: Answered, field: string): JsonObject {
  const { body } = answered.response;
  if (body.length === 0) {
    return {};
  }
  const json = fieldsOf(parseJson(body.toString()));
  if (textOf(json[field]) !== undefined) {
    return json;
  }
  throw unexpected(
    answered,
    'instead of what was saved; without sys/saveas OSS returns the result and saves nothing',
  );
}

/** What the headers of a HEAD or GET say of the object. */
export function objectResult(answered: Answered): ObjectResult {
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

/** The object's ETag as events write it, without quotes. */
export function eTagOf({ response: { headers } }: Answered): string | undefined {
  return headers.etag === undefined ? undefined : unquote(headers.etag);
}

/** An ETag without the quotes that HTTP and listings put around it. */
export function unquote(eTag: string): string {
  return eTag.replace(/^"|"$/g, '');
}

/** A 2xx whose content is not the operation's. Permanent: the same request would be answered the same. */
export function unexpected(
  { response, context }: Answered,
  complaint: string,
  cause?: unknown,
): OssRequestError {
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
