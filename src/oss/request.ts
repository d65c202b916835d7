import { setFlagsFromString } from 'node:v8';
import type { Dispatcher } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';

/** One signed request. `path` is sent byte for byte: it never passes through a URL, which would collapse `..`. */
export interface HttpRequest {
  origin: string;
  path: string;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  headers: Record<string, string>;
  body?: Buffer | undefined;
  /** For the whole attempt: waiting for a connection, sending, and the last byte of the answer. */
  timeoutMs: number;
  maxAnswerBytes: number;
}

/** A complete answer of any status; header names in lower case, a repeated header joined by `,`. */
export interface HttpResponse {
  statusCode: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/**
 * The default dispatcher: keeps connections for half a minute (a warm function instance then skips the handshake), at
 * most `connections` per host. undici's own timeouts are off, because `send` bounds the whole attempt.
 */
export function createAgent(connections = 16): Dispatcher {
  // V8 would optimise undici's WebAssembly parser after its first answer, which costs 100 ms of processor time and
  // 35 MB; an instance of 0.1 vCPU and 128 MB reads a few short answers per event.
  setFlagsFromString('--liftoff-only');
  // Half as much inlining as by default makes 2 MB less of machine code, which is no slower.
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=460');
  // A V8 that lacks one of the flags prints a warning and goes on.
  return new Agent({
    connections,
    keepAliveTimeout: 30_000,
    connect: { timeout: 5_000 },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/**
 * Sends one request and collects its answer in memory. Rejects with an Error that has a `code` (`RequestTimeout` and
 * `AnswerTooLarge` are ours, others undici's); a status such as 404 or 503 is an answer, not a rejection. After a
 * rejection the connection is closed.
 */
export function send(dispatcher: Dispatcher, request: HttpRequest): Promise<HttpResponse> {
  const { origin, path, method, headers, body = null, timeoutMs, maxAnswerBytes } = request;
  return new Promise((resolve, reject) => {
    let head = { statusCode: 0, headers: {} };
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let failure: Error | undefined;
    let controller: Dispatcher.DispatchController | undefined;

    function fail(error: Error): void {
      clearTimeout(timer);
      failure ??= error;
      reject(failure);
    }
    function giveUp(code: string, message: string): void {
      fail(Object.assign(new Error(message), { code }));
      if (failure !== undefined && controller?.aborted === false) {
        controller.abort(failure);
      }
    }
    const timer = setTimeout(() => {
      giveUp('RequestTimeout', `no complete answer within ${Math.round(timeoutMs)} ms`);
    }, timeoutMs);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        // The request was given up while it waited for a connection.
        if (failure) {
          controller.abort(failure);
        }
      },
      onResponseStart(_controller, statusCode, received) {
        const joined = Object.entries(received).map(([name, value = '']) => [name, String(value)]);
        head = { statusCode, headers: Object.fromEntries(joined) };
      },
      onResponseData(_controller, chunk) {
        sizeBytes += chunk.length;
        chunks.push(chunk);
        if (sizeBytes > maxAnswerBytes) {
          giveUp('AnswerTooLarge', `the answer is larger than ${maxAnswerBytes} bytes`);
        }
      },
      onResponseEnd() {
        clearTimeout(timer);
        resolve({ ...head, body: Buffer.concat(chunks, sizeBytes) });
      },
      onResponseError(_controller, error) {
        fail(error);
      },
    };
    dispatcher.dispatch({ origin, path, method, headers, body }, handler);
  });
}
