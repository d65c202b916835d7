import { fieldsOf, parseJson, textOf } from '../json.ts';
import type { OssResponse } from './request.ts';
import { classify, type RetryKind } from './retry.ts';
import { childText, parseXml } from './xml.ts';

/** What was being done, to which object, in which attempt. */
export interface ErrorContext {
  /** OSS's name of the operation: `ProcessObject`. */
  operation: string;
  bucket: string;
  key?: string | undefined;
  /** Attempts made so far, this one included. */
  attempts: number;
}

interface ErrorDocument {
  code: string;
  message: string;
  requestId?: string | undefined;
  ec?: string | undefined;
  serverTime?: string | undefined;
}

function subject({ operation, bucket, key }: ErrorContext): string {
  return `${operation} oss://${bucket}${key === undefined ? '' : `/${key}`} failed`;
}

/** OSS answered with an error. Holds no body and no header beside these fields: bodies may quote what was signed. */
export class OssServiceError extends Error {
  override readonly name = 'OssServiceError';
  readonly operation: string;
  readonly bucket: string;
  readonly key: string | undefined;
  readonly statusCode: number;
  /** OSS's error code, or `BadErrorResponse` when the answer was no OSS error document. */
  readonly code: string;
  readonly ossMessage: string;
  readonly requestId: string | undefined;
  /** Finer error code, for people and support; OSS's values may change, so nothing branches on it. */
  readonly ec: string | undefined;
  readonly kind: RetryKind;
  readonly attempts: number;
  /** The server's clock, epoch ms, where the answer tells it. */
  readonly serverTimeMs: number | undefined;

  constructor(context: ErrorContext, response: OssResponse) {
    const { statusCode, headers } = response;
    const document = readErrorDocument(response);
    const requestId = headers['x-oss-request-id'] ?? document.requestId;
    const ec = headers['x-oss-ec'] ?? document.ec;
    const ids = [requestId && `requestId ${requestId}`, ec && `ec ${ec}`].filter(Boolean).join(', ');
    super(`${subject(context)}: ${statusCode} ${document.code}: ${document.message}${ids && ` (${ids})`}`);
    this.operation = context.operation;
    this.bucket = context.bucket;
    this.key = context.key;
    this.attempts = context.attempts;
    this.statusCode = statusCode;
    this.code = document.code;
    this.ossMessage = document.message;
    this.requestId = requestId;
    this.ec = ec;
    this.kind = classify(statusCode, document.code, document.message);
    this.serverTimeMs = parseTime(document.serverTime) ?? parseTime(headers.date);
  }
}

/** No usable answer: nothing was sent, nothing came back, or what came back was not what the operation answers. */
export class OssRequestError extends Error {
  override readonly name = 'OssRequestError';
  readonly operation: string;
  readonly bucket: string;
  readonly key: string | undefined;
  /** Ours (`RequestTimeout`, `DeadlineExceeded`, `InvalidRequest`, `CredentialsError`, `UnexpectedAnswer`, …) or the transport's (`ECONNREFUSED`). */
  readonly code: string;
  readonly kind: RetryKind;
  readonly requestId: string | undefined;
  readonly attempts: number;

  constructor(
    context: ErrorContext,
    failure: {
      code: string;
      kind: RetryKind;
      message: string;
      requestId?: string | undefined;
      cause?: unknown;
    },
  ) {
    const { code, kind, message, requestId, cause } = failure;
    const ids = requestId === undefined ? '' : ` (requestId ${requestId})`;
    super(`${subject(context)}: ${code}: ${message}${ids}`, cause === undefined ? {} : { cause });
    this.operation = context.operation;
    this.bucket = context.bucket;
    this.key = context.key;
    this.attempts = context.attempts;
    this.code = code;
    this.kind = kind;
    this.requestId = requestId;
  }
}

export type OssError = OssServiceError | OssRequestError;

/** True for what the client's operations throw. */
export function isOssError(error: unknown): error is OssError {
  return error instanceof OssServiceError || error instanceof OssRequestError;
}

/** The error for a request that could not be made; the same request would fail the same way again. */
export function permanentError(context: ErrorContext, code: string, cause: unknown): OssRequestError {
  return new OssRequestError(context, { code, kind: 'permanent', message: messageOf(cause), cause });
}

/** The error for an attempt whose sending rejected: transport faults are transient, most of our own are not. */
export function transportError(context: ErrorContext, cause: unknown): OssRequestError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'TransportError';
  const isPermanent = ['AnswerTooLarge', 'UND_ERR_INVALID_ARG'].includes(code);
  const kind = isPermanent ? 'permanent' : 'transient';
  return new OssRequestError(context, { code, kind, message: messageOf(cause), cause });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error && cause.message !== '' ? cause.message : 'no reason given';
}

/** Never throws: what cannot be read becomes `BadErrorResponse`. */
function readErrorDocument({ headers, body }: OssResponse): ErrorDocument {
  // HEAD has no body: its error document comes as Base64 in a header.
  const encoded = headers['x-oss-err'];
  const text = (encoded && body.length === 0 ? Buffer.from(encoded, 'base64') : body.subarray(0, 65_536))
    .toString()
    .trim();
  try {
    const document = text.startsWith('{') ? readJson(text) : readXml(text);
    if (document !== undefined) {
      return document;
    }
  } catch {
    // Not a document OSS writes: a proxy's page, or a truncated answer. Described below, without quoting it.
  }
  const what =
    body.length === 0 ? 'no body' : `${body.length} bytes of ${headers['content-type'] ?? 'unknown type'}`;
  return { code: 'BadErrorResponse', message: `the answer has no OSS error document (${what})` };
}

function readXml(text: string): ErrorDocument | undefined {
  const root = parseXml(text);
  return root.name === 'Error' ? toDocument((name) => childText(root, name)) : undefined;
}

function readJson(text: string): ErrorDocument | undefined {
  const fields = fieldsOf(fieldsOf(parseJson(text)).Error);
  return toDocument((name) => textOf(fields[name]));
}

function toDocument(field: (name: string) => string | undefined): ErrorDocument | undefined {
  const code = field('Code')?.slice(0, 100);
  if (!code) {
    return undefined;
  }
  const message = field('Message')?.slice(0, 1_000) ?? '';
  return { code, message, requestId: field('RequestId'), ec: field('EC'), serverTime: field('ServerTime') };
}

function parseTime(text: string | undefined): number | undefined {
  const epochMs = Date.parse(text ?? '');
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
