import type { ChildProcess, ForkOptions } from 'node:child_process';
import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Logger } from '../../log.ts';
import type { FunctionError, InvokeMessage } from './messages.ts';
import { endOfOutput, parseInstanceMessage } from './messages.ts';

/** How one invocation ended. Failed is a function error: thrown, timed out or crashed. */
export type InvocationResult =
  | { status: 'succeeded'; requestId: string; body: Buffer }
  | { status: 'failed'; requestId: string; error: FunctionError };

/** `billedMs`: from the running instance's taking the event to its end; waiting in line is not billed. */
export type BilledResult = InvocationResult & { billedMs: number };

export interface InstanceOptions {
  /** Path of the bundled instance program. */
  program: string;
  /** The Node.js that it runs on; our own unless given. */
  nodeBinary?: string | undefined;
  codeDir: string;
  /** The child's whole environment: nothing of ours is inherited. */
  environment: Record<string, string>;
  /** Takes what the function writes, line by line, with the request id of its invocation. */
  log: Logger;
}

/** One function instance: a process that takes one event at a time. */
export interface Instance {
  isAlive(): boolean;
  /** Never rejects. The time limit starts once the process is up; passing it kills the instance. */
  invoke(message: InvokeMessage, timeoutMs: number): Promise<BilledResult>;
  /** Resolves when the process is gone. */
  kill(): Promise<void>;
}

interface Invocation {
  requestId: string;
  timeoutMs: number;
  startedAtMs?: number;
  timer?: NodeJS.Timeout;
  resolve(result: BilledResult): void;
}

export function startInstance({ program, nodeBinary, codeDir, environment, log }: InstanceOptions): Instance {
  const execPath = nodeBinary ?? process.execPath;
  const options: ForkOptions = { execPath, cwd: codeDir, env: environment, execArgv: [], silent: true };
  const child = fork(program, [], { ...options, serialization: 'advanced' });
  let state: 'starting' | 'ready' | 'dead' = 'starting';
  let current: Invocation | undefined;
  let requestId = '';

  function settle(outcome: { body: Uint8Array } | { error: FunctionError }): void {
    if (current === undefined) {
      return;
    }
    clearTimeout(current.timer);
    const endedAtMs = performance.now();
    const billedMs = endedAtMs - (current.startedAtMs ?? endedAtMs);
    current.resolve(
      'error' in outcome
        ? { status: 'failed', requestId, billedMs, error: outcome.error }
        : { status: 'succeeded', requestId, billedMs, body: Buffer.from(outcome.body) },
    );
    current = undefined;
  }
  function stop(errorMessage: string): void {
    state = 'dead';
    child.kill('SIGKILL');
    settle({ error: { errorMessage } });
  }
  function startTimer(): void {
    if (current === undefined || state !== 'ready') {
      return;
    }
    current.startedAtMs = performance.now();
    const seconds = current.timeoutMs / 1000;
    current.timer = setTimeout(stop, current.timeoutMs, `Function timed out after ${seconds} seconds`);
  }

  const exited = whenExited(child).then((how) =>
    stop(`Process exited unexpectedly before completing request (${how})`),
  );
  // Settled when the answer and the end of both pipes are here, in whatever order.
  let awaited = 0;
  let outcome: Parameters<typeof settle>[0] | undefined;
  function settleWhenComplete(): void {
    awaited -= 1;
    if (awaited === 0 && outcome !== undefined) {
      settle(outcome);
    }
  }
  const forward = { log, requestId: () => requestId, onEnd: settleWhenComplete };
  forwardLines(child.stdout, 'info', forward);
  forwardLines(child.stderr, 'warn', forward);
  child.on('message', (raw) => {
    const message = parseInstanceMessage(raw);
    if (message?.type === 'ready' && state === 'starting') {
      state = 'ready';
      startTimer();
    }
    if (message === undefined || message.type === 'ready' || message.requestId !== requestId) {
      return;
    }
    outcome = message;
    settleWhenComplete();
  });
  return {
    isAlive: () => state !== 'dead',
    invoke: (message, timeoutMs) =>
      new Promise((resolve) => {
        requestId = message.context.requestId;
        current = { requestId, timeoutMs, resolve };
        outcome = undefined;
        awaited = 3;
        if (state === 'dead') {
          return stop('Process exited unexpectedly before completing request');
        }
        startTimer();
        child.send(message);
      }),
    kill: () => {
      stop('The local Function Compute was closed');
      return exited;
    },
  };
}

/** Resolves once, with how the process ended. A program that cannot start, or a message sent to the dead, is an `error`. */
function whenExited(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.on('error', (error) => resolve(error.message));
  });
}

interface Forward {
  log: Logger;
  requestId: () => string;
  onEnd: () => void;
}

function forwardLines(stream: Readable | null, level: 'info' | 'warn', forward: Forward): void {
  if (stream === null) {
    return;
  }
  createInterface(stream).on('line', (text) => {
    const isEnd = text.endsWith(endOfOutput);
    const line = isEnd ? text.slice(0, -endOfOutput.length) : text;
    if (!isEnd || line !== '') {
      forward.log[level]('function output', { requestId: forward.requestId(), line });
    }
    if (isEnd) {
      forward.onEnd();
    }
  });
}
