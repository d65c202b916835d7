import { createHash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { pick, textOf } from '../json.ts';
import { encodeQuery, type QueryParameters } from './encode.ts';
import { addressOf, type Endpoint } from './endpoint.ts';
import { type ErrorContext, OssRequestError, OssServiceError, unexpectedAnswer } from './errors.ts';
import { type HttpRequest, type HttpResponse, send } from './request.ts';
import { type RetryPolicy, withRetries } from './retry.ts';
import { type Credentials, type RequestToSign, signedHeaders } from './sign.ts';

export interface CallSettings extends Partial<RetryPolicy> {
  /** Plain region id, `cn-hangzhou`: part of what is signed. */
  region: string;
  endpoint: Endpoint;
  /** Asked before every attempt, so that no token is used longer than its issuer wants. */
  credentials: () => Credentials | Promise<Credentials>;
  dispatcher: Dispatcher;
  /** For one attempt, from connecting to the last byte; 30 s, since a large image takes OSS several. */
  attemptTimeoutMs?: number;
  /** The server's clock against ours, as far as it was learnt; to be shared by all calls of one process. */
  clock?: { offsetMs: number };
}

/** One operation on the wire, before it is encoded and signed. */
export interface OperationRequest extends Omit<ErrorContext, 'attempts'> {
  method: HttpRequest['method'];
  query?: QueryParameters | undefined;
  /** Lower-case names. */
  headers?: Readonly<Record<string, string>> | undefined;
  body?: Buffer | undefined;
  maxAnswerBytes?: number | undefined;
  /** Epoch ms by the call's `now`: no attempt starts or goes on after it. */
  deadlineMs?: number | undefined;
}

/** A 2xx answer, and the context in which to complain about its content. */
export interface OperationResponse extends HttpResponse {
  context: ErrorContext;
  /** Takes whatever is secret out of a text of the body, before anybody sees it. The headers hold none. */
  hide?: ((text: string) => string) | undefined;
}

/** Makes one call to OSS, retries included. Throws OssServiceError or OssRequestError, and nothing else. */
export type Call = (request: OperationRequest) => Promise<OperationResponse>;

/** The answers that the function reads are short; a larger one would take an instance of 128 MB with it. */
const maxDocumentBytes = 256 * 1024;

/**
 * Makes the function that all operations go through: it encodes once, then per attempt asks for credentials,
 * signs and sends. It keeps no connection (the dispatcher does) and needs no closing.
 */
export function createCall(settings: CallSettings): Call {
  const { region, endpoint, dispatcher, attemptTimeoutMs = 30_000, clock = { offsetMs: 0 } } = settings;
  const { maxAttempts = 3, now = Date.now, random = Math.random } = settings;
  const { sleep = pause, onRetry = () => {} } = settings;
  const policy = { maxAttempts, now, random, sleep, onRetry };

  async function askCredentials(context: ErrorContext): Promise<Credentials> {
    try {
      return assertSendable(await settings.credentials());
    } catch (cause) {
      throw new OssRequestError(context, { code: 'CredentialsError', kind: 'later', cause });
    }
  }

  async function attempt(request: OperationRequest, prepared: PreparedRequest, attempts: number) {
    const context = contextOf(request, attempts);
    const timeoutMs = Math.min(attemptTimeoutMs, (request.deadlineMs ?? Number.POSITIVE_INFINITY) - now());
    if (timeoutMs <= 0) {
      throw deadlineError(contextOf(request, attempts - 1), 'the request was sent');
    }
    const credentials = await askCredentials(context);
    const { origin, path } = prepared;
    const { method, body, maxAnswerBytes = maxDocumentBytes } = request;
    const headers = signedHeaders(prepared, { credentials, epochMs: now() + clock.offsetMs, region });
    let response: HttpResponse;
    try {
      response = await send(dispatcher, { origin, path, method, headers, body, timeoutMs, maxAnswerBytes });
    } catch (cause) {
      const error = transportError(context, cause);
      const isCutOff = error.code === 'RequestTimeout' && timeoutMs < attemptTimeoutMs;
      throw isCutOff ? deadlineError(context, 'the answer was complete') : error;
    }
    const hide = createSecretFilter(credentials, headers);
    if (response.statusCode <= 299) {
      const { statusCode, body } = response;
      const shown = Object.entries(response.headers).map(([name, value]) => [name, hide(value)]);
      return assertFromOss({ statusCode, body, context, hide, headers: Object.fromEntries(shown) });
    }
    const error = new OssServiceError(context, response, (text) => hideSignatures(hide(text)));
    if (error.serverTimeMs !== undefined) {
      clock.offsetMs = error.serverTimeMs - now();
    }
    throw error;
  }

  return async (request) => {
    const prepared = prepare(endpoint, request);
    return withRetries((attempts) => attempt(request, prepared, attempts), policy, request.deadlineMs);
  };
}

/** Operations that answer by a document, which says by itself what was saved or what there is. */
const documentOperations = ['ProcessObject', 'ListObjectsV2'];

/** Every answer of OSS's own has its request id; a proxy's has none, and says nothing of an object. */
function assertFromOss(response: OperationResponse): OperationResponse {
  const { headers, body, context } = response;
  const speaksForItself = body.length > 0 && documentOperations.includes(context.operation);
  if (!headers['x-oss-request-id'] && !speaksForItself) {
    throw unexpectedAnswer(response, "instead of an answer of OSS's own");
  }
  return response;
}

/**
 * A header that undici refuses leaves its pool believing that a connection is taken, for ever: a token that
 * ends in a line break never gets there. Throws without quoting the value.
 */
function assertSendable(credentials: Credentials): Credentials {
  for (const [name, value] of Object.entries(credentials)) {
    if (!/^[\x21-\x7e]*$/.test(value ?? '')) {
      throw new TypeError(`${name} holds characters other than printable ASCII`);
    }
  }
  return credentials;
}

/**
 * Makes a function that replaces the secret, the token and the signature that was sent, should an answer
 * quote the request. Nothing else goes: an answer names the object that was saved, and keys may be digests.
 */
function createSecretFilter(
  { accessKeySecret, securityToken }: Credentials,
  { authorization }: Record<string, string>,
): (text: string) => string {
  const sent = [accessKeySecret, securityToken, authorization?.replace(/^.*Signature=/, '')];
  // An address has them encoded.
  const secrets = new Set(sent.flatMap((secret) => (secret ? [secret, encodeURIComponent(secret)] : [])));
  return (text) => [...secrets].reduce((left, secret) => left.replaceAll(secret, '***'), text);
}

/** Replaces whatever may be a signature, in a message for people: an earlier one, or one of OSS's own. */
function hideSignatures(text: string): string {
  return text.replace(/\b[0-9a-f]{64}\b/gi, '***');
}

interface PreparedRequest extends RequestToSign {
  origin: string;
  path: string;
}

/** Address, query and headers, encoded once for all attempts: what is signed is what is sent. */
function prepare(endpoint: Endpoint, request: OperationRequest): PreparedRequest {
  const { method, bucket, key, query = {}, body } = request;
  try {
    const { origin, path, canonicalUri } = addressOf(endpoint, bucket, key);
    const canonicalQuery = encodeQuery(query);
    const headers = { ...request.headers };
    for (const [name, value] of Object.entries(headers)) {
      // Others would be sent as Latin-1 and signed as UTF-8: OSS would answer SignatureDoesNotMatch.
      if (!/^[\t\x20-\x7e]*$/.test(value)) {
        throw new TypeError(`header ${name}: expected printable ASCII`);
      }
    }
    // The payload itself is not signed; a signed MD5 is the only thing that binds the body.
    if (body) {
      headers['content-md5'] = createHash('md5').update(body).digest('base64');
    }
    const sentPath = canonicalQuery === '' ? path : `${path}?${canonicalQuery}`;
    return { origin, path: sentPath, method, canonicalUri, canonicalQuery, headers };
  } catch (cause) {
    throw new OssRequestError(contextOf(request, 0), { code: 'InvalidRequest', kind: 'permanent', cause });
  }
}

function contextOf({ operation, bucket, key }: OperationRequest, attempts: number): ErrorContext {
  return { operation, bucket, key, attempts };
}

function deadlineError(context: ErrorContext, before: string): OssRequestError {
  const message = `the time ran out before ${before}`;
  return new OssRequestError(context, { code: 'DeadlineExceeded', kind: 'transient', message });
}

/** Faults of the transport are transient; an answer that is too large will be so again. */
function transportError(context: ErrorContext, cause: unknown): OssRequestError {
  // An answer that is no HTTP comes without a code.
  const code = textOf(pick(cause, 'code')) ?? 'TransportError';
  const kind = code === 'AnswerTooLarge' ? 'later' : 'transient';
  return new OssRequestError(context, { code, kind, cause });
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
