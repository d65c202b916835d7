import { setFlagsFromString } from 'node:v8';
import type { Dispatcher } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';

/** One signed request. `path` is sent byte for byte: it never passes through a URL, which would collapse `..`. */
export interface OssRequest {
  origin: string;
  path: string;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  headers: Record<string, string>;
  body?: Buffer | undefined;
  /** For the whole attempt: waiting for a connection, sending, and the last byte of the answer. */
  timeoutMs: number;
  maxAnswerBytes: number;
  signal?: AbortSignal | undefined;
}

/** A complete answer of any status; header names in lower case, repeated headers joined by `, `. */
export interface OssResponse {
  statusCode: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** Why we gave up on an attempt. Other rejections of `sendOnce` are undici's, with codes of their own. */
type GaveUp = 'RequestTimeout' | 'Aborted' | 'AnswerTooLarge';

const gaveUp = (code: GaveUp, message: string, cause?: unknown) =>
  Object.assign(new Error(message, cause === undefined ? {} : { cause }), { code });

/**
 * The default dispatcher: keeps connections for half a minute (a warm function instance then skips the handshake),
 * at most 16 per host. undici's own timeouts are off: `sendOnce` bounds the whole attempt.
 */
export function createAgent(): Dispatcher {
  // V8 would optimise undici's WebAssembly parser after its first answer: 100 ms of processor time and 35 MB, on an
  // instance of 0.1 vCPU and 128 MB that reads a few short answers an event. A V8 without the flag says so and goes on.
  setFlagsFromString('--liftoff-only');
  return new Agent({
    connections: 16,
    keepAliveTimeout: 30_000,
    connect: { timeout: 5_000 },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/**
 * Sends one request and collects its answer. Rejects with an Error that has a `code` (ours or undici's);
 * a status such as 404 or 503 is an answer, not a rejection. After a rejection the connection is closed.
 */
export function sendOnce(dispatcher: Dispatcher, request: OssRequest): Promise<OssResponse> {
  const { origin, path, method, headers, body, timeoutMs, maxAnswerBytes, signal } = request;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let failure: Error | undefined;
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: Error) => {
      settle();
      failure ??= error;
      reject(failure);
      if (controller?.aborted === false) controller.abort(failure);
    };
    const onAbort = () => fail(gaveUp('Aborted', 'the caller gave up', signal?.reason));
    const timer = setTimeout(
      () => fail(gaveUp('RequestTimeout', `no complete answer within ${Math.round(timeoutMs)} ms`)),
      timeoutMs,
    );
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort);

    const collector = collect(maxAnswerBytes, fail, (response) => {
      settle();
      resolve(response);
    });
    const onRequestStart = (started: Dispatcher.DispatchController) => {
      controller = started;
      if (failure) started.abort(failure);
    };
    dispatcher.dispatch(
      { origin, path, method, headers, body: body ?? null },
      { ...collector, onRequestStart, onResponseError: (_controller, error) => fail(error) },
    );
  });
}

/** Handler that gathers one answer in memory, up to `maxAnswerBytes`. */
function collect(
  maxAnswerBytes: number,
  fail: (error: Error) => void,
  done: (response: OssResponse) => void,
) {
  let [statusCode, headers, sizeBytes] = [0, {}, 0];
  const chunks: Buffer[] = [];
  const handler: Dispatcher.DispatchHandler = {
    onResponseStart(_controller, status, received) {
      [statusCode, headers] = [status, flatten(received)];
    },
    onResponseData(_controller, chunk) {
      sizeBytes += chunk.length;
      if (sizeBytes <= maxAnswerBytes) chunks.push(chunk);
      else fail(gaveUp('AnswerTooLarge', `the answer is larger than ${maxAnswerBytes} bytes`));
    },
    onResponseEnd() {
      done({ statusCode, headers, body: Buffer.concat(chunks, sizeBytes) });
    },
  };
  return handler;
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
