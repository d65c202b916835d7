import type { Dispatcher } from 'undici';
import { digest } from './digest.ts';
import { encodeQuery, type Query } from './encode.ts';
import { type Endpoint, target } from './endpoint.ts';
import {
  type ErrorContext,
  isOssError,
  type OssError,
  OssRequestError,
  OssServiceError,
  permanentError,
  transportError,
} from './errors.ts';
import { type OssRequest, type OssResponse, sendOnce } from './request.ts';
import { type RetryKind, type RetryPolicy, withRetries } from './retry.ts';
import { type Credentials, type RequestToSign, signedHeaders } from './sign.ts';

export interface OssClientOptions {
  /** Plain region id, `cn-hangzhou`: part of what is signed. */
  region: string;
  endpoint: Endpoint;
  /** Asked before every attempt, so that no token is used longer than its issuer wants. */
  credentials: () => Credentials | Promise<Credentials>;
  dispatcher: Dispatcher;
  /** Attempts in all; 3, as in Alibaba Cloud's V2 SDKs: what fails longer is left to Function Compute's free queue. */
  maxAttempts?: number;
  /** For one attempt, from connecting to the last byte; 30 s, since a large image takes OSS several. */
  attemptTimeoutMs?: number | undefined;
  onRetry?: (retry: { error: OssError; delayMs: number }) => void;
  /** What was learnt of the server's clock; one object for several clients lets them all know. */
  clock?: { offsetMs: number };
  now?: (() => number) | undefined;
  random?: () => number;
  sleep?: ((delayMs: number) => Promise<unknown>) | undefined;
}

/** What every operation takes beside its own arguments. */
export interface CallOptions {
  /** Epoch ms by the client's `now`: no attempt starts or goes on after it. */
  deadline?: number | undefined;
}

/** One operation on the wire, before it is encoded and signed. */
export interface Call extends CallOptions {
  operation: string;
  method: OssRequest['method'];
  bucket: string;
  key?: string | undefined;
  query?: Query;
  /** Lower-case names. */
  headers?: Record<string, string>;
  body?: Buffer;
  maxAnswerBytes?: number;
}

/** A 2xx answer, and the context in which to complain about its content. */
export interface Answered {
  response: OssResponse;
  context: ErrorContext;
}

interface Prepared extends RequestToSign {
  origin: string;
  path: string;
}

/** A listing of 1,000 keys of 1,023 percent-encoded bytes stays under 4 MiB. */
const maxDocumentBytes = 8 * 1024 * 1024;

/**
 * Makes the function all operations go through: encodes once, then per attempt asks for credentials, signs and sends.
 * It throws OssServiceError or OssRequestError only. What it learns of the server's clock serves all later calls.
 */
export function createCaller(options: OssClientOptions): (call: Call) => Promise<Answered> {
  const { region, dispatcher, endpoint, attemptTimeoutMs = 30_000, clock = { offsetMs: 0 } } = options;
  const { now = Date.now, onRetry } = options;
  const policy: RetryPolicy = {
    maxAttempts: options.maxAttempts ?? 3,
    now,
    random: options.random ?? Math.random,
    sleep: options.sleep ?? pause,
    kindOf,
    correctClock: (error) => {
      if (!(error instanceof OssServiceError) || error.serverTimeMs === undefined) {
        return false;
      }
      clock.offsetMs = error.serverTimeMs - now();
      return true;
    },
    onRetry: (error, delayMs) => isOssError(error) && onRetry?.({ error, delayMs }),
  };

  async function attempt(call: Call, prepared: Prepared, attempts: number): Promise<Answered> {
    const context = contextOf(call, attempts);
    let credentials: Credentials;
    try {
      credentials = await options.credentials();
    } catch (cause) {
      throw permanentError(context, 'CredentialsError', cause);
    }
    const { deadline = Number.POSITIVE_INFINITY, maxAnswerBytes = maxDocumentBytes, method, body } = call;
    const timeoutMs = Math.min(attemptTimeoutMs, deadline - now());
    if (timeoutMs <= 0) {
      throw deadlineError(contextOf(call, attempts - 1), 'the request was sent');
    }
    const { origin, path } = prepared;
    const headers = signedHeaders(prepared, { credentials, epochMs: now() + clock.offsetMs, region });
    const request = { origin, path, method, headers, body, timeoutMs, maxAnswerBytes };
    let response: OssResponse;
    try {
      response = await sendOnce(dispatcher, request);
    } catch (cause) {
      const error = transportError(context, cause);
      const isCutOff = error.code === 'RequestTimeout' && timeoutMs < attemptTimeoutMs;
      throw isCutOff ? deadlineError(context, 'the answer was complete') : error;
    }
    if (response.statusCode < 200 || response.statusCode > 299) {
      throw new OssServiceError(context, response);
    }
    return { response, context };
  }

  return (call) => {
    let prepared: Prepared | undefined;
    const attemptCall = (number: number) => {
      prepared ??= prepare(endpoint, call);
      return attempt(call, prepared, number);
    };
    return withRetries(attemptCall, policy, call.deadline);
  };
}

function kindOf(error: unknown): RetryKind {
  return isOssError(error) ? error.kind : 'permanent';
}

const pause = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs));

function contextOf({ operation, bucket, key }: Call, attempts: number): ErrorContext {
  return { operation, bucket, key, attempts };
}

function deadlineError(context: ErrorContext, before: string): OssRequestError {
  const message = `the time allowed was over before ${before}`;
  return new OssRequestError(context, { code: 'DeadlineExceeded', kind: 'transient', message });
}

/** Address, query and headers, encoded once for all attempts: what is signed is what is sent. */
function prepare(endpoint: Endpoint, call: Call): Prepared {
  try {
    const { origin, path, canonicalUri } = target(endpoint, call.bucket, call.key);
    const canonicalQuery = encodeQuery(call.query ?? {});
    const headers = { ...call.headers };
    for (const [name, value] of Object.entries(headers)) {
      // Other characters are sent as Latin-1 and signed as UTF-8: OSS would answer SignatureDoesNotMatch.
      if (!/^[\t\x20-\x7e]*$/.test(value)) {
        throw new TypeError(`header ${name}: expected printable ASCII`);
      }
    }
    // The payload itself is not signed; a signed MD5 is the only thing that binds the body.
    if (call.body) {
      headers['content-md5'] = digest('md5', call.body, 'base64');
    }
    const sentPath = canonicalQuery === '' ? path : `${path}?${canonicalQuery}`;
    return { origin, path: sentPath, method: call.method, canonicalUri, canonicalQuery, headers };
  } catch (cause) {
    throw permanentError(contextOf(call, 0), 'InvalidRequest', cause);
  }
}
