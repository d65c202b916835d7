import buildConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';

/** One signed request. `path` is sent byte for byte, never through a URL, which would collapse `..`. */
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

/** Connections that were unused for longer are not trusted: a frozen instance does not see them die. */
const maxIdleMs = 5_000;

/**
 * After a shorter silence connections are on probation: one that its other side has forgotten answers
 * nothing, and would cost the whole attempt. If no byte comes within this time, the next attempt takes a new
 * connection. A call that OSS has begun is then made, and paid, once more. So the silence is longer than our
 * own pauses between attempts: right after an answer a connection is sound, and the picture is slow.
 */
const [probationIdleMs, probationMs, firstByteMs] = [2_500, 1_000, 10_000];

/**
 * The default dispatcher: keeps connections for a few seconds of wall time (a warm instance then skips the
 * handshake), at most `connections` per host. After a longer silence it starts over, which also ends a pool
 * that waits for connections it will never get back. undici's own timeouts are off, since `send` has one.
 */
export function createAgent(connections = 16, now = Date.now): Dispatcher {
  // One connector for all agents keeps the TLS sessions, so that new connections resume them.
  const connect = buildConnector({ timeout: 5_000 });
  return new RenewedAgent(
    () => new Agent({ connections, keepAliveTimeout: 30_000, connect, headersTimeout: 0, bodyTimeout: 0 }),
    now,
  );
}

class RenewedAgent extends Dispatcher {
  readonly #create: () => Agent;
  readonly #now: () => number;
  #agent: Agent;
  #usedAtMs: number;
  #probationEndMs = 0;

  constructor(create: () => Agent, now: () => number) {
    super();
    this.#create = create;
    this.#now = now;
    this.#agent = create();
    this.#usedAtMs = now();
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const nowMs = this.#now();
    const idleMs = nowMs - this.#usedAtMs;
    if (idleMs > maxIdleMs) {
      // Requests in progress are answered before the old agent is closed.
      this.#agent.close().catch(() => {});
      this.#agent = this.#create();
    } else if (idleMs > probationIdleMs) {
      this.#probationEndMs = nowMs + probationMs; // It holds for the calls that begin together with this one.
    }
    this.#usedAtMs = nowMs;
    const isTrusted = nowMs >= this.#probationEndMs;
    return this.#agent.dispatch(isTrusted ? options : { ...options, headersTimeout: firstByteMs }, handler);
  }

  /**
   * Notes that an answer came just now: the time that OSS took for it was no silence. It is bound to this
   * object, since what undici's `compose` gives is a proxy without private members.
   */
  readonly noteAnswer = (): void => {
    this.#usedAtMs = this.#now();
  };

  override close(): Promise<void> {
    return this.#agent.close();
  }

  override destroy(): Promise<void> {
    return this.#agent.destroy();
  }
}

/**
 * Sends one request and collects its answer in memory. Rejects with an Error that has a `code`
 * (`RequestTimeout` and `AnswerTooLarge` are ours, others undici's); a status such as 404 or 503 is an
 * answer, not a rejection. After a rejection the connection is closed.
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
      const error = Object.assign(new Error(message), { code });
      fail(error);
      controller?.abort(error);
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
        if (dispatcher instanceof RenewedAgent) {
          dispatcher.noteAnswer();
        }
        const response = { body: Buffer.concat(chunks, sizeBytes), ...head };
        // The pool has its connection back one turn later: a request sent before would open another.
        setImmediate(() => setImmediate(resolve, response));
      },
      onResponseError(_controller, error) {
        fail(error);
      },
    };
    // undici closes the connection after each HEAD otherwise.
    dispatcher.dispatch({ origin, path, method, headers, body, reset: false }, handler);
  });
}
