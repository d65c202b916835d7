import { fieldsOf, parseJson, textOf } from '../json.ts';
import type { HttpResponse } from './request.ts';
import { childText, parseXml } from './xml.ts';

/** The operation under way, its object, and the attempt. */
export interface ErrorContext {
  /** OSS's name of the operation: `ProcessObject`. */
  operation: string;
  bucket: string;
  key?: string | undefined;
  /** Attempts made so far, this one included. */
  attempts: number;
}

/**
 * The kind of a failure decides what follows: `transient` and `throttled` are tried again (throttling after a longer
 * pause), `skewed` once with the server's clock, which the error tells, and `permanent` never.
 */
export type RetryKind = 'transient' | 'throttled' | 'skewed' | 'permanent';

/** OSS answered with an error. Holds no body and no header beside these fields: bodies may quote what was signed. */
export class OssServiceError extends Error {
  override readonly name = 'OssServiceError';
  readonly context: ErrorContext;
  readonly statusCode: number;
  /** OSS's error code, or `BadErrorResponse` when the answer was no OSS error document. */
  readonly code: string;
  readonly ossMessage: string;
  readonly requestId: string | undefined;
  /** Finer error code, for people and support; OSS's values may change, so nothing branches on it. */
  readonly ec: string | undefined;
  readonly kind: RetryKind;
  /** The server's clock in epoch ms, where the answer tells it. */
  readonly serverTimeMs: number | undefined;

  constructor(context: ErrorContext, response: HttpResponse) {
    const { statusCode, headers } = response;
    const { code, message = '', ...document } = readErrorDocument(response);
    const requestId = headers['x-oss-request-id'] ?? document.requestId;
    const ec = headers['x-oss-ec'] ?? document.ec;
    const ids = [requestId && `requestId ${requestId}`, ec && `ec ${ec}`].filter(Boolean).join(', ');
    super(`${formatContext(context)}: ${statusCode} ${code}: ${message}${ids && ` (${ids})`}`);
    this.context = context;
    this.statusCode = statusCode;
    this.code = code;
    this.ossMessage = message;
    this.requestId = requestId;
    this.ec = ec;
    this.serverTimeMs = parseTime(document.serverTime) ?? parseTime(headers.date);
    const kind = classify(statusCode, code, message);
    this.kind = kind === 'skewed' && this.serverTimeMs === undefined ? 'permanent' : kind;
  }
}

/** No usable answer: nothing was sent, nothing came back, or what came back was not what the operation answers. */
export class OssRequestError extends Error {
  override readonly name = 'OssRequestError';
  readonly context: ErrorContext;
  /** Ours (`RequestTimeout`, `DeadlineExceeded`, `InvalidRequest`, `CredentialsError`, `UnexpectedAnswer`, …) or the transport's (`ECONNREFUSED`). */
  readonly code: string;
  readonly kind: RetryKind;
  readonly requestId: string | undefined;

  constructor(context: ErrorContext, failure: RequestFailure) {
    const { code, kind, requestId, cause, message = messageOf(cause) } = failure;
    const ids = requestId === undefined ? '' : ` (requestId ${requestId})`;
    super(`${formatContext(context)}: ${code}: ${message}${ids}`, cause === undefined ? {} : { cause });
    this.context = context;
    this.code = code;
    this.kind = kind;
    this.requestId = requestId;
  }
}

export interface RequestFailure {
  code: string;
  kind: RetryKind;
  /** Default: that of the cause. */
  message?: string | undefined;
  requestId?: string | undefined;
  cause?: unknown;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error && cause.message !== '' ? cause.message : 'no reason given';
}

export type OssError = OssServiceError | OssRequestError;

/** True for what operations throw. */
export function isOssError(error: unknown): error is OssError {
  return error instanceof OssServiceError || error instanceof OssRequestError;
}

/** Whether OSS said that the object, or its bucket, is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof OssServiceError && error.statusCode === 404;
}

/**
 * Kind of an OSS error answer. 503 is OSS's throttling (OSS help: "HTTP status code 503"; it has no 429 of its own,
 * gateways do). `BadRequest` is permanent although the official SDKs retry it: image processing uses that code for
 * wrong styles. 403 and 404 are permanent, and so is 501: what is not implemented stays so.
 */
export function classify(statusCode: number, code: string, message: string): RetryKind {
  // Around midnight the scope's date is refused as an argument, not as skew (alibabacloud-oss-kotlin-sdk-v2 FixTimeRetryHandler.kt).
  const isWrongDate = code === 'InvalidArgument' && message.startsWith('Invalid signing date');
  if (code === 'RequestTimeTooSkewed' || isWrongDate) {
    return 'skewed';
  }
  if (statusCode === 503 || statusCode === 429) {
    return 'throttled';
  }
  if (statusCode === 408 || code === 'RequestTimeout') {
    return 'transient';
  }
  return statusCode >= 500 && statusCode !== 501 ? 'transient' : 'permanent';
}

function formatContext({ operation, bucket, key }: ErrorContext): string {
  return `${operation} oss://${bucket}${key === undefined ? '' : `/${key}`} failed`;
}

/** Never throws: what cannot be read becomes `BadErrorResponse`. */
function readErrorDocument({ headers, body }: HttpResponse) {
  // HEAD has no body: its error document comes as Base64 in a header.
  const encoded = headers['x-oss-err'];
  const bytes = encoded && body.length === 0 ? Buffer.from(encoded, 'base64') : body.subarray(0, 65_536);
  const field = readFields(bytes.toString().trim());
  const code = field('Code')?.slice(0, 100);
  const type = headers['content-type'] ?? 'unknown type';
  const content = body.length === 0 ? 'no body' : `${body.length} bytes of ${type}`;
  return {
    code: code || 'BadErrorResponse',
    message: code ? field('Message')?.slice(0, 1_000) : `the answer has no OSS error document (${content})`,
    requestId: field('RequestId'),
    ec: field('EC'),
    serverTime: field('ServerTime'),
  };
}

/** Makes a reader of the document's fields; it finds none in what is no error document of OSS's. */
function readFields(text: string): (name: string) => string | undefined {
  if (text.startsWith('{')) {
    const fields = fieldsOf(fieldsOf(parseJson(text)).Error);
    return (name) => textOf(fields[name]);
  }
  try {
    const root = parseXml(text);
    return (name) => (root.name === 'Error' ? childText(root, name) : undefined);
  } catch {
    // A proxy's page, or a document that was cut off. It is described without being quoted.
    return () => undefined;
  }
}

function parseTime(text: string | undefined): number | undefined {
  const epochMs = Date.parse(text ?? '');
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
