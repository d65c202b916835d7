import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { InvocationResult } from '../../../src/local/fc/instance-process.ts';
import { invokeRoute } from '../../../src/local/fc/routes.ts';

/** A function that answers its event backwards, or throws where the event says so. */
async function invoke(event: Buffer): Promise<InvocationResult> {
  const text = event.toString();
  const error = { errorType: 'OutputsFailed', errorMessage: text };
  if (text.includes('throw')) {
    return { status: 'failed', requestId: 'request-1', billedMs: 1, error };
  }
  const body = Buffer.from([...text].reverse().join(''));
  return { status: 'succeeded', requestId: 'request-1', billedMs: 1, body };
}

async function startServer(): Promise<string> {
  const route = invokeRoute(invoke);
  const server = createServer((message, response) => {
    route(message, response)?.catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : ''}/-/invoke`;
}

const json = { 'content-type': 'application/json' };

describe('a synchronous invocation over HTTP', () => {
  it("a synchronous invocation over HTTP gives the event's bytes to the function and its result back", async () => {
    const url = await startServer();

    const answer = await fetch(url, { method: 'POST', headers: json, body: '[1,2]' });

    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-fc-request-id')).toBe('request-1');
    expect(answer.headers.has('x-fc-error-type')).toBe(false);
    expect(await answer.text()).toBe(']2,1[');
  });

  it('a synchronous invocation over HTTP answers an error of the function with 200 and a header that says so', async () => {
    const url = await startServer();

    const answer = await fetch(url, { method: 'POST', headers: json, body: '"throw"' });

    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-fc-error-type')).toBe('UnhandledInvocationError');
    expect(await answer.json()).toEqual({ errorType: 'OutputsFailed', errorMessage: '"throw"' });
  });

  it.each([
    [405, { method: 'GET' }],
    [415, { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } }],
    [413, { method: 'POST', body: Buffer.alloc(32 * 1024 * 1024 + 1, ' '), headers: json }],
  ])('the local Function Compute refuses with %i what is no invocation', async (statusCode, request) => {
    const url = await startServer();

    const answer = await fetch(url, request);

    expect(answer.status).toBe(statusCode);
  });
});
