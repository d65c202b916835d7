import type { IncomingHttpHeaders } from 'node:http';
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
}

/** A complete answer of any status; header names in lower case, repeated headers joined by `, `. */
export interface OssResponse {
  statusCode: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/**
 * The default dispatcher: keeps connections for half a minute (a warm function instance then skips the handshake),
 * at most 16 per host. undici's own timeouts are off: `sendOnce` bounds the whole attempt.
 */
export function createAgent(): Dispatcher {
  // For an instance of 0.1 vCPU and 128 MB that reads a few short answers an event. V8 would optimise undici's
  // WebAssembly parser after its first answer: 100 ms of processor time and 35 MB.
  setFlagsFromString('--liftoff-only');
  // Half as much inlining as by default makes 2 MB less of machine code, which is no slower.
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=460');
  // A V8 without one of them says so and goes on.
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
  return new Promise((resolve, reject) => {
    const { origin, path, method, headers, body = null } = request;
    dispatcher.dispatch({ origin, path, method, headers, body }, new Exchange(request, resolve, reject));
  });
}

/** Gathers one answer in memory, within the bounds of its request. */
class Exchange implements Dispatcher.DispatchHandler {
  private readonly maxAnswerBytes: number;
  private readonly resolve: (response: OssResponse) => void;
  private readonly reject: (error: Error) => void;
  private readonly timer: NodeJS.Timeout;
  private controller: Dispatcher.DispatchController | undefined;
  private failure: Error | undefined;
  private statusCode = 0;
  private headers: Record<string, string> = {};
  private readonly chunks: Buffer[] = [];
  private sizeBytes = 0;

  constructor(
    { timeoutMs, maxAnswerBytes }: OssRequest,
    resolve: (response: OssResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.maxAnswerBytes = maxAnswerBytes;
    this.resolve = resolve;
    this.reject = reject;
    this.timer = setTimeout(() => {
      this.giveUp('RequestTimeout', `no complete answer within ${Math.round(timeoutMs)} ms`);
    }, timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // Given up while it waited for a connection.
    if (this.failure) {
      controller.abort(this.failure);
    }
  }

  onResponseStart(_controller: unknown, statusCode: number, headers: IncomingHttpHeaders): void {
    this.statusCode = statusCode;
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) {
        this.headers[name] = Array.isArray(value) ? value.join(', ') : value;
      }
    }
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.sizeBytes += chunk.length;
    if (this.sizeBytes <= this.maxAnswerBytes) {
      this.chunks.push(chunk);
    } else {
      this.giveUp('AnswerTooLarge', `the answer is larger than ${this.maxAnswerBytes} bytes`);
    }
  }

  onResponseEnd(): void {
    clearTimeout(this.timer);
    const { statusCode, headers, chunks, sizeBytes } = this;
    this.resolve({ statusCode, headers, body: Buffer.concat(chunks, sizeBytes) });
  }

  onResponseError(_controller: unknown, error: Error): void {
    clearTimeout(this.timer);
    this.failure ??= error;
    this.reject(this.failure);
  }

  private giveUp(code: GaveUp, message: string): void {
    const failure = Object.assign(new Error(message), { code });
    this.onResponseError(this.controller, failure);
    if (this.controller?.aborted === false) {
      this.controller.abort(failure);
    }
  }
}

/** Why we gave up on an attempt. Other rejections of `sendOnce` are undici's, with codes of their own. */
type GaveUp = 'RequestTimeout' | 'AnswerTooLarge';
