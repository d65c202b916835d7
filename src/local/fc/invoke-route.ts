import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Route, readMessage } from '../oss/http/routes.ts';
import type { LocalFunctionCompute } from './function-compute.ts';

/** Function Compute's own bound on a synchronous payload (FC help: "Limits"). */
const maxEventBytes = 32 * 1024 * 1024;

/**
 * `POST /-/invoke`, the synchronous invocation: the body is the event, the answer is what Function Compute answers to
 * InvokeFunction: 200 with the function's result, or with `x-fc-error-type` and the error (FC help: "Error handling").
 * Only JSON is taken, which a page in a browser cannot send here without asking first.
 */
export function invokeRoute(invoke: LocalFunctionCompute['invoke']): Route {
  return (message, response) => (message.url === '/-/invoke' ? answer(invoke, message, response) : undefined);
}

async function answer(
  invoke: LocalFunctionCompute['invoke'],
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const send = (statusCode: number, headers: Record<string, string>, body: Buffer | string) =>
    void response.writeHead(statusCode, { 'content-type': 'application/json', ...headers }).end(body);
  const refuse = (statusCode: number, errorMessage: string) =>
    send(statusCode, {}, JSON.stringify({ errorMessage }));
  if (message.method !== 'POST') {
    return refuse(405, 'expected POST');
  }
  if (message.headers['content-type'] !== 'application/json') {
    return refuse(415, 'expected content-type application/json');
  }
  const event = await readMessage(message, maxEventBytes);
  if (event === undefined) {
    return refuse(413, `expected an event of at most ${maxEventBytes} bytes`);
  }
  const result = await invoke(event);
  const ids = { 'x-fc-request-id': result.requestId };
  if (result.status === 'succeeded') {
    return send(200, ids, result.body);
  }
  send(200, { ...ids, 'x-fc-error-type': 'UnhandledInvocationError' }, JSON.stringify(result.error));
}
