/**
 * The program of one function instance: it does what FC's Node.js runtime does around a handler, in a child
 * process that talks to the local Function Compute over IPC. Bundled separately; it ends with its parent.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { fieldsOf } from '../../json.ts';
import type { ContextData } from './context.ts';
import type { FunctionError, InstanceMessage, InvokeMessage } from './messages.ts';
import { endOfOutput, isInvokeMessage } from './messages.ts';

type Handler = Awaited<ReturnType<typeof loadHandler>>;

/** `index.handler` names a file without its extension and an export (FC help: "Request handlers"). */
async function loadHandler(codeDir: string, handlerName: string) {
  const [file = '', exportName = ''] = handlerName.split('.');
  // This is an ES module, like FC's own loader: `default` is the whole of module.exports.
  const loaded: Record<string, unknown> = await import(pathToFileURL(join(codeDir, `${file}.js`)).href);
  const handler = fieldsOf(loaded.default)[exportName];
  if (typeof handler !== 'function') {
    throw new Error(`Handler '${exportName}' missing on module '${file}'`);
  }
  return (event: Buffer, context: unknown): unknown => handler(event, context);
}

function createContext(data: ContextData): unknown {
  const { debug, info, warn, error, log } = console;
  const tracing = {
    spanContext: '',
    jaegerEndpoint: '',
    spanBaggages: {},
    parseOpenTracingBaggages: () => ({}),
  };
  return { ...data, logger: { debug, info, warn, error, log }, tracing };
}

/** A buffer as it is, an object as JSON, others as text; nothing as an empty body (which is assumed). */
function encodeResult(result: unknown): Buffer {
  if (Buffer.isBuffer(result)) {
    return result;
  }
  return Buffer.from(typeof result === 'object' ? JSON.stringify(result) : String(result ?? ''));
}

/** Uses the class name, not `error.name`: if a bundle mangles class names, it shows here as on FC. */
function describeThrown(thrown: unknown): FunctionError {
  if (!(thrown instanceof Error)) {
    return { errorMessage: String(thrown) };
  }
  const stackTrace = (thrown.stack ?? '').split('\n');
  return { errorMessage: thrown.message, errorType: thrown.constructor.name, stackTrace };
}

async function runHandler(handler: Promise<Handler>, message: InvokeMessage): Promise<InstanceMessage> {
  const { requestId } = message.context;
  try {
    const run = await handler;
    const result = await run(Buffer.from(message.event), createContext(message.context));
    return { type: 'result', requestId, body: encodeResult(result) };
  } catch (thrown) {
    return { type: 'error', requestId, error: describeThrown(thrown) };
  }
}

/** Ends this process when its parent has ended, even if the handler blocks the event loop. */
function endWithParent(): void {
  process.on('disconnect', () => process.exit());
  const watch = `setInterval(() => {
    if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL');
  }, 1000)`;
  new Worker(watch, { eval: true }).unref();
}

function main(): void {
  // Bound now, because the function's code may replace them. On POSIX, writing to a pipe is synchronous.
  const writes = [process.stdout.write.bind(process.stdout), process.stderr.write.bind(process.stderr)];
  const send = process.send?.bind(process);
  if (send === undefined) {
    throw new Error('fc-instance is started by the local Function Compute, not by hand');
  }
  const { FC_FUNC_CODE_PATH = '/code', FC_FUNCTION_HANDLER = 'index.handler' } = process.env;
  let handler: Promise<Handler> | undefined;
  endWithParent();
  process.on('message', async (message) => {
    if (!isInvokeMessage(message)) {
      return;
    }
    handler ??= loadHandler(FC_FUNC_CODE_PATH, FC_FUNCTION_HANDLER);
    const answered = await runHandler(handler, message);
    for (const write of writes) {
      write(`${endOfOutput}\n`);
    }
    send(answered);
  });
  send({ type: 'ready' });
}

main();
