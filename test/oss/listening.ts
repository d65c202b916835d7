import { createServer, type RequestListener, type Server } from 'node:http';
import type { Dispatcher } from 'undici';
import { afterEach } from 'vitest';
import type { CallSettings } from '../../src/oss/call.ts';
import { resolveEndpoint } from '../../src/oss/endpoint.ts';
import { createAgent } from '../../src/oss/request.ts';
import { createClient } from './client.ts';
import { secrets } from './mock-oss.ts';

/** Closed after each test, the last one first. */
export let closing: (() => unknown)[] = [];

export async function listen(listener: RequestListener, onConnection = () => {}): Promise<string> {
  const server: Server = createServer(listener).on('connection', onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

export function connect(endpoint: string, attemptTimeoutMs = 30_000, more: Partial<CallSettings> = {}) {
  const dispatcher: Dispatcher = createAgent();
  closing.push(() => dispatcher.destroy());
  const region = 'cn-hangzhou';
  const settings = { region, credentials: () => secrets, dispatcher, maxAttempts: 1, attemptTimeoutMs };
  return createClient({ ...settings, endpoint: resolveEndpoint({ region, endpoint }), ...more });
}

afterEach(async () => {
  for (const close of closing.reverse()) {
    await close();
  }
  closing = [];
});
