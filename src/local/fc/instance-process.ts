import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { Logger } from '../../log.ts';
import {
  endOfOutput,
  type FunctionError,
  type InstanceMessage,
  type InvokeMessage,
  isInstanceMessage,
} from './messages.ts';

/** The result of one invocation. `failed` is a function error: thrown, timed out or crashed. */
export type InvocationResult = {
  requestId: string;
  /** From the time when a running instance gets the event to its end; waiting in the queue is not billed. */
  billedMs: number;
} & ({ status: 'succeeded'; body: Buffer } | { status: 'failed'; error: FunctionError });

export interface InstanceOptions {
  instanceProgram: string;
  /** The Node.js to run it with, by default our own. */
  nodeBinary?: string | undefined;
  /** The address and port for a debugger, such as `127.0.0.1:9229`; only one instance then runs at a time. */
  inspect?: string | undefined;
  codeDir: string;
  /** The child's whole environment; it inherits nothing from ours. */
  environment: Record<string, string>;
  /** Receives the function's output line by line, with the request id of the invocation. */
  log: Logger;
}

export type Instance = ReturnType<typeof startInstance>;

/** Starts a process that handles one event at a time. If it cannot start, the first invocation fails. */
export function startInstance(options: InstanceOptions) {
  const { nodeBinary = process.execPath, inspect, codeDir, environment, log } = options;
  const child = fork(resolve(options.instanceProgram), [], {
    execPath: nodeBinary,
    execArgv: inspect === undefined ? [] : [`--inspect=${inspect}`],
    cwd: codeDir,
    env: environment,
    silent: true,
    serialization: 'advanced',
  });
  let requestId = '';
  const outputs = [
    forwardLines(child.stdout, (line) => log.info('function output', { requestId, line })),
    forwardLines(child.stderr, (line) => log.warn('function output', { requestId, line })),
  ];
  let causeOfDeath: string | undefined;
  const gone = new AbortController();
  const exited = whenExited(child).then((how) => {
    causeOfDeath ??= `Process exited unexpectedly before completing request (${how})`;
    gone.abort();
  });
  const started = Promise.race([nextMessage(child, ({ type }) => type === 'ready'), exited]);
  const kill = (cause: string) => {
    causeOfDeath ??= cause;
    child.kill('SIGKILL');
  };

  /** Never rejects. The time limit begins once the process is up; exceeding it kills the instance. */
  async function invoke(message: InvokeMessage, timeoutMs: number): Promise<InvocationResult> {
    requestId = message.context.requestId;
    // The answer and the ends of both pipes, in any order.
    const answer = nextMessage(child, (each) => each.type !== 'ready' && each.requestId === requestId);
    const whole = Promise.all([answer, ...outputs.map((output) => once(output, 'end'))]);
    await started;
    const startedAtMs = performance.now();
    child.send(message, () => {}); // If the child is dead, `exited` reports it.
    const timer = setTimeout(() => kill(`Function timed out after ${timeoutMs / 1000} seconds`), timeoutMs);
    const [outcome] = (await unlessAborted(whole, gone.signal)) ?? [];
    clearTimeout(timer);
    const billedMs = performance.now() - startedAtMs;
    if (outcome?.type === 'result') {
      return { status: 'succeeded', requestId, billedMs, body: Buffer.from(outcome.body) };
    }
    const error = outcome?.type === 'error' ? outcome.error : { errorMessage: causeOfDeath ?? 'unknown' };
    return { status: 'failed', requestId, billedMs, error };
  }

  return {
    isAlive: () => causeOfDeath === undefined,
    invoke,
    /** Resolves when the process has ended. */
    kill: async () => {
      kill('The local Function Compute was closed');
      await exited;
    },
  };
}

/** The next expected message. The function's own code can also write anything to this channel. */
function nextMessage(child: ChildProcess, isAwaited: (message: InstanceMessage) => boolean) {
  return new Promise<InstanceMessage>((resolve) => {
    child.on('message', function listen(raw) {
      if (isInstanceMessage(raw) && isAwaited(raw)) {
        child.off('message', listen);
        resolve(raw);
      }
    });
  });
}

/** Resolves to how the process ended. An `error` is a failed start, or a message sent after the end. */
function whenExited(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.on('error', (error) => resolve(error.message));
  });
}

/** Like Promise.race with the signal, which however would keep each value as long as the signal lives. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve) => {
    const giveUp = () => resolve(undefined);
    signal.addEventListener('abort', giveUp);
    work.then(resolve).finally(() => signal.removeEventListener('abort', giveUp));
    if (signal.aborted) {
      giveUp();
    }
  });
}

/** Forwards each line of a pipe; emits `end` when the output of an invocation ends. */
function forwardLines(stream: Readable | null, forward: (line: string) => void): EventEmitter {
  const output = new EventEmitter();
  const take = (text: string) => {
    const isEnd = text.endsWith(endOfOutput);
    const line = isEnd ? text.slice(0, -endOfOutput.length) : text;
    if (!isEnd || line !== '') {
      forward(line);
    }
    if (isEnd) {
      output.emit('end');
    }
  };
  let rest = '';
  stream
    ?.setEncoding('utf8')
    .on('data', (chunk: string) => {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop() ?? '';
      lines.forEach(take);
    })
    .on('end', () => rest !== '' && take(rest));
  return output;
}
