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

/** How one invocation ended. Failed is a function error: thrown, timed out or crashed. */
export type InvocationResult = {
  requestId: string;
  /** From the running instance's taking the event to its end; waiting in line is not billed. */
  billedMs: number;
} & ({ status: 'succeeded'; body: Buffer } | { status: 'failed'; error: FunctionError });

export interface InstanceOptions {
  /** Path of the bundled instance program. */
  instanceProgram: string;
  /** The Node.js that it runs on; our own unless given. */
  nodeBinary?: string | undefined;
  /** Address and port for a debugger to attach, `127.0.0.1:9229`; there is one instance at a time then. */
  inspect?: string | undefined;
  codeDir: string;
  /** The child's whole environment: nothing of ours is inherited. */
  environment: Record<string, string>;
  /** Takes what the function writes, line by line, with the request id of its invocation. */
  log: Logger;
}

export type Instance = ReturnType<typeof startInstance>;

/** Starts a process that takes one event at a time. One that cannot start fails the first invocation. */
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

  /** Never rejects. The time limit starts once the process is up; passing it kills the instance. */
  async function invoke(message: InvokeMessage, timeoutMs: number): Promise<InvocationResult> {
    requestId = message.context.requestId;
    // The answer and the ends of both pipes, in whatever order they come.
    const answer = nextMessage(child, (each) => each.type !== 'ready' && each.requestId === requestId);
    const whole = Promise.all([answer, ...outputs.map((output) => once(output, 'end'))]);
    await started;
    const startedAtMs = performance.now();
    child.send(message, () => {}); // one that is dead says so by `exited`
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
    /** Resolves when the process is gone. */
    kill: async () => {
      kill('The local Function Compute was closed');
      await exited;
    },
  };
}

/** The next message that is the awaited one; the function's own code can write anything to the channel. */
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

/** Resolves once, with how the process ended: an `error` is a failed start, or a message to the dead. */
function whenExited(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.on('error', (error) => resolve(error.message));
  });
}

/** Like a race against the signal, which would keep each value for as long as the signal lives. */
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

/** Hands on each line of a pipe; emits `end` where the output of an invocation ends. */
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
