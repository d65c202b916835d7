import { fieldsOf, type JsonObject, parseJson, textOf } from '../json.ts';
import type { Call, OperationResponse } from './call.ts';
import { encodeComponent } from './encode.ts';
import { unexpectedAnswer } from './errors.ts';

/* The operations of the function. Those that only the tools call are in src/objects. */

export interface ObjectArguments {
  bucket: string;
  key: string;
  /** Epoch ms at which the call is given up. */
  deadlineMs?: number | undefined;
}

/** The part of an answer that all operations share. */
export interface OperationResult {
  statusCode: number;
  requestId: string | undefined;
  /** Attempts made, the successful one included. */
  attempts: number;
}

/** Reads the part of an answer that all operations share. */
export function resultOf({ statusCode, headers, context }: OperationResponse): OperationResult {
  return { statusCode, requestId: headers['x-oss-request-id']?.slice(0, 100), attempts: context.attempts };
}

export interface ProcessResult extends OperationResult {
  /** Target bucket. The source bucket where OSS names none: it answers `""` when save-as had no `b_`. */
  bucket: string;
  /** Target key; this and the following are undefined when OSS answered an empty 200, as documented. */
  key: string | undefined;
  sizeBytes: number | undefined;
  /** `OK`. */
  processStatus: string | undefined;
}

/** Has OSS process an object and save the result; `process` is all of `x-oss-process`, save-as included. */
export async function processObject(
  call: Call,
  { process, ...object }: ObjectArguments & { process: string },
): Promise<ProcessResult> {
  const body = processBody('x-oss-process', process);
  const query = { 'x-oss-process': '' };
  const response = await call({ operation: 'ProcessObject', method: 'POST', query, body, ...object });
  const answer = readProcessAnswer(response);
  return {
    bucket: readName(answer.bucket, response) || object.bucket,
    key: readName(answer.object, response),
    sizeBytes: typeof answer.fileSize === 'number' ? answer.fileSize : undefined,
    processStatus: textOf(answer.status),
    ...resultOf(response),
  };
}

/**
 * A process is sent in the body (OSS help: "Save processed images"), raw as all SDKs but one send it, and
 * that one shows that OSS decodes forms: ali-oss form-encodes it and passes. A raw `+`, `%` or `&` could
 * therefore change or cut the instruction; a process that has one is form-encoded like ali-oss's.
 */
export function processBody(parameter: string, process: string): Buffer {
  return Buffer.from(`${parameter}=${/[+%&]/.test(process) ? encodeComponent(process) : process}`);
}

/** A bucket or key of an answer, as far as one can be long. */
function readName(value: unknown, { hide = (text) => text }: OperationResponse): string | undefined {
  const name = textOf(value);
  return name && hide(name).slice(0, 1_023);
}

/**
 * The JSON that says what was saved; an empty 200 is documented too, and has no fields. Nothing else is a
 * success: an answer that was cut off, a proxy's, or one that names an error says nothing of an object.
 */
function readProcessAnswer(response: OperationResponse): JsonObject {
  const { statusCode, headers, body } = response;
  const json = fieldsOf(parseJson(body.toString()));
  const isEmpty = headers['content-length'] === '0';
  const isSaved = textOf(json.object) !== undefined && json.status === 'OK' && json.Error === undefined;
  if (statusCode === 200 && (isEmpty || isSaved)) {
    return json;
  }
  const complaint = 'instead of what was saved; without sys/saveas OSS returns the result and saves nothing';
  throw unexpectedAnswer(response, complaint);
}

export interface ObjectResult extends OperationResult {
  /** Undefined where a proxy left it out. */
  sizeBytes: number | undefined;
  /** Without quotes, as in events. Undefined for a processed view. */
  eTag: string | undefined;
  contentType: string | undefined;
  lastModified: Date | undefined;
  /** All response headers, lower-case names. */
  headers: Readonly<Record<string, string>>;
}

/** The properties of an object. */
export async function headObject(call: Call, args: ObjectArguments): Promise<ObjectResult> {
  const response = await call({ operation: 'HeadObject', method: 'HEAD', ...args });
  if (response.statusCode !== 200) {
    throw unexpectedAnswer(response, 'instead of the properties of an object');
  }
  return objectResultOf(response);
}

/** The properties that the headers of an answer tell. */
export function objectResultOf(response: OperationResponse): ObjectResult {
  const { headers } = response;
  const { 'content-length': length, 'last-modified': modified = '' } = headers;
  const lastModified = new Date(modified);
  return {
    sizeBytes: length === undefined ? undefined : Number(length),
    eTag: headers.etag && unquote(headers.etag),
    contentType: headers['content-type'],
    lastModified: Number.isNaN(lastModified.getTime()) ? undefined : lastModified,
    headers,
    ...resultOf(response),
  };
}

/** Deletes an object; one that is not there counts as deleted. */
export async function deleteObject(call: Call, args: ObjectArguments): Promise<OperationResult> {
  return resultOf(await call({ operation: 'DeleteObject', method: 'DELETE', ...args }));
}

/** An ETag as events write it, without the quotes that HTTP and listings put around it. */
export function unquote(eTag: string): string {
  return eTag.replaceAll('"', '');
}
