import { textOf } from '../json.ts';
import { type Answered, type Call, type CallOptions, createCaller, type OssClientOptions } from './call.ts';
import type { Query } from './encode.ts';
import { type Listing, readListing } from './listing.ts';
import {
  createProcessingClient,
  eTagOf,
  type ObjectArguments,
  type ObjectResult,
  objectResult,
  type ProcessArguments,
  type ProcessingClient,
  processCall,
  type Result,
  readJson,
  result,
  unexpected,
} from './processing.ts';

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

export interface AsyncProcessResult extends Result {
  eventId: string | undefined;
  taskId: string | undefined;
}

/** OSS's operations. Each throws OssServiceError or OssRequestError, and nothing else. */
export interface OssClient extends ProcessingClient {
  /** The same as a task (video, documents), whose end is told elsewhere. */
  asyncProcessObject(args: ProcessArguments): Promise<AsyncProcessResult>;
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

/** Makes a client of all operations; it holds no connection of its own (the dispatcher does) and needs no closing. */
export function createOssClient(options: OssClientOptions): OssClient {
  const call = createCaller(options);
  return {
    ...createProcessingClient(call),
    async asyncProcessObject(args) {
      const answered = await call(processCall('AsyncProcessObject', 'x-oss-async-process', args));
      const json = readJson(answered, 'TaskId');
      return {
        ...result(answered),
        eventId: textOf(json.EventId),
        taskId: textOf(json.TaskId),
      };
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

function listCall({
  prefix,
  delimiter,
  startAfter,
  continuationToken,
  maxKeys,
  ...rest
}: ListArguments): Call {
  const query: Record<string, string> = { 'list-type': '2', 'encoding-type': 'url' };
  if (prefix) {
    query.prefix = prefix;
  }
  if (delimiter) {
    query.delimiter = delimiter;
  }
  if (startAfter) {
    query['start-after'] = startAfter;
  }
  if (continuationToken) {
    query['continuation-token'] = continuationToken;
  }
  if (maxKeys !== undefined) {
    query['max-keys'] = String(maxKeys);
  }
  return { ...rest, operation: 'ListObjectsV2', method: 'GET', query };
}

function listing(answered: Answered): Listing {
  try {
    return readListing(answered.response.body.toString());
  } catch (cause) {
    throw unexpected(answered, 'instead of a ListBucketResult document', cause);
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
