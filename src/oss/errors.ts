import { fieldsOf, parseJson, textOf } from '../json.ts';
import type { HttpResponse } from './request.ts';

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
 * The kind of a failure decides what follows: `transient` and `throttled` are tried again (throttling after a
 * longer pause), `skewed` once with the server's clock, which the error tells. `later` may heal, but not by
 * asking again at once: a token that expired, an answer that was cut off, a proxy's page, a setting.
 * `permanent` never heals: the request cannot be made, or OSS says that the picture or the style is wrong.
 */
export type RetryKind = 'transient' | 'throttled' | 'skewed' | 'later' | 'permanent';

/** OSS answered with an error. Holds no body and no other header: bodies may quote what was signed. */
export class OssServiceError extends Error {
  override readonly name = 'OssServiceError';
  readonly context: ErrorContext;
  readonly statusCode: number;
  /** OSS's error code, or `BadErrorResponse` when the answer was no OSS error document. */
  readonly code: string;
  readonly requestId: string | undefined;
  /** Finer error code, for people and support; OSS's values may change, so nothing branches on it. */
  readonly ec: string | undefined;
  readonly kind: RetryKind;
  /** The server's clock in epoch ms, where ours is wrong and the answer tells it. */
  readonly serverTimeMs: number | undefined;
  /** The pause that the answer asks for, where it does. */
  readonly retryAfterMs: number | undefined;

  /** `hide` removes from a text whatever is secret: an answer may quote the request. */
  constructor(context: ErrorContext, response: HttpResponse, hide = (text: string) => text) {
    const { statusCode, headers } = response;
    const { code, message, requestId, ec, serverTime } = readErrorDocument(response, hide);
    const ids = [requestId && `requestId ${requestId}`, ec && `ec ${ec}`].filter(Boolean).join(', ');
    super(`${formatContext(context)}: ${statusCode} ${code}: ${message}${ids && ` (${ids})`}`);
    this.context = context;
    this.statusCode = statusCode;
    this.code = code;
    this.requestId = requestId;
    this.ec = ec;
    this.retryAfterMs = Number(headers['retry-after']) * 1_000 || undefined;
    const kind = classify(statusCode, code, message);
    this.serverTimeMs = kind === 'skewed' ? (parseTime(serverTime) ?? parseTime(headers.date)) : undefined;
    this.kind = kind === 'skewed' && this.serverTimeMs === undefined ? 'later' : kind;
  }
}

/** No usable answer: nothing was sent, nothing came back, or what came back was not what was asked for. */
export class OssRequestError extends Error {
  override readonly name = 'OssRequestError';
  readonly context: ErrorContext;
  /** Ours, such as `RequestTimeout` or `UnexpectedAnswer`, or the transport's, such as `ECONNREFUSED`. */
  readonly code: string;
  readonly kind: RetryKind;
  readonly requestId: string | undefined;

  constructor(context: ErrorContext, failure: RequestFailure) {
    const { code, kind, requestId, cause, message = messageOf(cause) } = failure;
    const ids = requestId === undefined ? '' : ` (requestId ${requestId})`;
    super(`${formatContext(context)}: ${code}: ${message}${ids}`, { cause });
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

/** A 2xx whose content is not the operation's: something between here and OSS may have written it. */
export function unexpectedAnswer(
  response: HttpResponse & { context: ErrorContext },
  complaint: string,
  cause?: unknown,
): OssRequestError {
  const { statusCode, headers, body, context } = response;
  const type = (headers['content-type'] ?? 'unknown type').slice(0, 100);
  const message = `${statusCode} with ${body.length} bytes of ${type} ${complaint}`;
  const requestId = headers['x-oss-request-id']?.slice(0, 100);
  return new OssRequestError(context, { code: 'UnexpectedAnswer', kind: 'later', message, requestId, cause });
}

function messageOf(cause: unknown): string {
  // A host with several addresses fails by one error for each, under one that has no message.
  const [first = cause] = cause instanceof AggregateError ? cause.errors : [];
  return first instanceof Error && first.message !== '' ? first.message : 'no reason given';
}

export type OssCallError = OssServiceError | OssRequestError;

/** True for what operations throw. */
export function isOssError(error: unknown): error is OssCallError {
  return error instanceof OssServiceError || error instanceof OssRequestError;
}

/** Whether the answer was 404: the object, or its bucket, is not there. */
export function isNotFound(error: unknown): boolean {
  return fieldsOf(error).statusCode === 404;
}

/** Whether OSS itself said that the object is missing: a proxy, or a missing bucket, answers 404 as well. */
export function isNoSuchKey(error: unknown): boolean {
  return isNotFound(error) && fieldsOf(error).code === 'NoSuchKey';
}

/**
 * Kind of an OSS error answer. 503 is OSS's throttling (OSS help: "HTTP status code 503"); only gateways have
 * 429. Permanent is what OSS itself says of the picture or the style: a 400 (`BadRequest` too, although the
 * official SDKs retry it: image processing uses it for wrong styles), a source that is gone or archived, and
 * what is not implemented. Permissions, buckets and named styles are settings, which somebody may fix.
 */
export function classify(statusCode: number, code: string, message: string): RetryKind {
  // Around midnight OSS calls the scope's date wrong, not skewed (oss-kotlin-sdk-v2, FixTimeRetryHandler.kt).
  if (code === 'RequestTimeTooSkewed' || message.startsWith('Invalid signing date')) {
    return 'skewed';
  }
  if (statusCode === 503 || statusCode === 429) {
    return 'throttled';
  }
  // The request was damaged on its way (OSS help, "HTTP status code 400").
  if (statusCode === 408 || ['RequestTimeout', 'IncompleteBody', 'InvalidDigest'].includes(code)) {
    return 'transient';
  }
  if (statusCode >= 500 && statusCode !== 501) {
    return 'transient';
  }
  return code !== 'BadErrorResponse' && isPermanent(statusCode, code, message) ? 'permanent' : 'later';
}

/** Codes of a 400 about picture or style (OSS help, images, "Common errors"); others tell of settings. */
const aboutPicture = /Image|Watermark|^(TooManyPipes?|MemLimitExceeded|OperationNotSupported)$/;
const aboutStyle =
  /^(BadRequest|NotImplemented|MissingArgument|Invalid(Argument|Request|ObjectName|TargetType))$/;

function isPermanent(statusCode: number, code: string, message: string): boolean {
  switch (statusCode) {
    case 400:
      return (aboutPicture.test(code) || aboutStyle.test(code)) && !message.startsWith('Invalid signing');
    case 403:
      return ['InvalidObjectState', 'ImageDamage'].includes(code);
    case 404:
      return ['NoSuchKey', 'NoSuchFile', 'SymlinkTargetNotExist'].includes(code);
    default:
      return statusCode === 501;
  }
}

function formatContext({ operation, bucket, key }: ErrorContext): string {
  return `${operation} oss://${bucket}${key === undefined ? '' : `/${key}`} failed`;
}

/** Never throws: what cannot be read becomes `BadErrorResponse`. Texts are bounded, since they are logged. */
function readErrorDocument({ headers, body }: HttpResponse, hide: (text: string) => string) {
  // HEAD has no body: its error document comes as Base64 in a header.
  const encoded = headers['x-oss-err'];
  const bytes = encoded ? Buffer.from(encoded, 'base64') : body.subarray(0, 65_536);
  const field = readFields(bytes.toString().trim());
  const bounded = (text: string | undefined, length = 100) => text && hide(text).slice(0, length);
  const code = bounded(field('Code'));
  const type = bounded(headers['content-type']) ?? 'unknown type';
  const location = headers.location && `, a redirect to ${bounded(headers.location)}`;
  const content = `${body.length === 0 ? 'no body' : `${body.length} bytes of ${type}`}${location ?? ''}`;
  return {
    code: code || 'BadErrorResponse',
    // A bucket of another region comes with its endpoint.
    message: code
      ? [bounded(field('Message'), 1_000), bounded(field('Endpoint'))].filter(Boolean).join(' ')
      : `the answer has no OSS error document (${content})`,
    requestId: bounded(headers['x-oss-request-id'] ?? field('RequestId')),
    ec: bounded(headers['x-oss-ec'] ?? field('EC')),
    serverTime: field('ServerTime'),
  };
}

/** Makes a reader of the document's fields; it finds none in what is no error document of OSS's. */
function readFields(text: string): (name: string) => string | undefined {
  if (text.startsWith('{')) {
    const fields = fieldsOf(fieldsOf(parseJson(text)).Error);
    return (name) => textOf(fields[name]);
  }
  // A proxy's page, or a document that was cut off, is described without being quoted.
  const [, content = ''] = /^(?:<\?xml[^>]*>)?\s*<Error[^>]*>(.*)<\/Error>$/s.exec(text) ?? [];
  const elements = [...content.matchAll(/<(\w+)>([^<]*)<\/\1>/g)];
  return (name) => {
    const [, , value] = elements.find(([, other]) => other === name) ?? [];
    return value && decodeEntities(value);
  };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Replaces the five entities that XML knows by itself, and references to characters by their number. */
function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,6}|x[0-9a-f]{1,5})|(\w{2,4}));/gi, (literal, number, name) =>
    number === undefined ? (entities[name] ?? literal) : String.fromCodePoint(Number(`0${number}`)),
  );
}

/** A time that a signature can hold: its year has four digits. */
function parseTime(text: string | undefined): number | undefined {
  const epochMs = Date.parse(text ?? '');
  return epochMs >= 0 && epochMs < Date.parse('+010000-01-01') ? epochMs : undefined;
}
