import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContextData } from '../../src/local/fc/context.ts';
import type { Instance, InstanceOptions, InvocationResult } from '../../src/local/fc/instance-process.ts';
import type { InvokeMessage } from '../../src/local/fc/messages.ts';

export type HttpInstanceOptions = Pick<InstanceOptions, 'codeDir' | 'environment' | 'log'>;

/**
 * An instance of a custom runtime: `command` starts an HTTP server in the code's folder, which is handed each event as
 * Function Compute does it (Function Compute help: "Custom runtime specification details").
 */
export function startHttpInstance(
  command: readonly string[],
  { codeDir, environment, log }: HttpInstanceOptions,
): Instance & { port: () => Promise<number> } {
  const [file = '', ...args] = command;
  let isAlive = true;
  let requestId = '';

  async function startServer(): Promise<{ child: ChildProcess; port: number }> {
    const port = await findFreePort();
    const env = { ...environment, FC_CUSTOM_LISTEN_PORT: String(port) };
    const child = spawn(file, args, { cwd: codeDir, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.once('exit', () => {
      isAlive = false;
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => log.info('function output', { requestId, line }));
    }
    while (isAlive && !(await isListening(port))) {
      await delay(10);
    }
    return { child, port };
  }

  const started = startServer();
  return {
    isAlive: () => isAlive,
    port: async () => (await started).port,
    async invoke(message, timeoutMs) {
      requestId = message.context.requestId;
      const { child, port } = await started;
      const startedAtMs = performance.now();
      try {
        return await post(port, message, timeoutMs);
      } catch (error) {
        child.kill('SIGKILL');
        const billedMs = performance.now() - startedAtMs;
        return { status: 'failed', requestId, billedMs, error: { errorMessage: String(error) } };
      }
    },
    async kill() {
      const { child } = await started;
      if (isAlive) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
  };
}

async function post(
  port: number,
  { event, context }: InvokeMessage,
  timeoutMs: number,
): Promise<InvocationResult> {
  const { requestId } = context;
  const startedAtMs = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}/invoke`, {
    method: 'POST',
    headers: headersFor(context),
    body: Buffer.from(event),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const body = Buffer.from(await response.arrayBuffer());
  const billedMs = performance.now() - startedAtMs;
  // This header decides, and not the status line.
  return response.headers.get('x-fc-status') === '200'
    ? { status: 'succeeded', requestId, billedMs, body }
    : { status: 'failed', requestId, billedMs, error: JSON.parse(body.toString()) };
}

function headersFor(context: ContextData): Record<string, string> {
  const { accessKeyId, accessKeySecret, securityToken = '' } = context.credentials;
  return {
    'content-type': 'application/octet-stream',
    'x-fc-control-path': '/invoke',
    'x-fc-request-id': context.requestId,
    'x-fc-access-key-id': accessKeyId,
    'x-fc-access-key-secret': accessKeySecret,
    'x-fc-security-token': securityToken,
    'x-fc-function-name': context.function.name,
    'x-fc-function-handler': context.function.handler,
    'x-fc-function-memory': String(context.function.memory),
    'x-fc-function-timeout': String(context.function.timeout),
    'x-fc-region': context.region,
    'x-fc-account-id': context.accountId,
    'x-fc-qualifier': context.service.qualifier,
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) {
    throw new Error('no port was given');
  }
  return address.port;
}

async function isListening(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}
